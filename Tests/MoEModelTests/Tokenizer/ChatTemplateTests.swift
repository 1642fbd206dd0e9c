import Foundation
import MoEBase
import MoEModel
import Testing

/// What transformers and Jinja 2 rendered, as `tools/reference/chat_templates.py` wrote it down.
@Suite struct ChatTemplateTests {
  private let document: JSONValue
  private let variables: [String: String]
  private let date = ChatDate(year: 2024, month: 2, day: 29, hour: 14, minute: 5, second: 9)

  init() throws {
    let file = TokenizerGolden.folder.appendingPathComponent("Chat/renderings.json")
    document = try JSONValue(parsing: Array(try Data(contentsOf: file)))
    var reader = try JSONReader(document).object("variables")
    var variables: [String: String] = [:]
    for key in reader.keys { variables[key] = try reader.string(key) }
    self.variables = variables
  }

  private func check(
    _ source: String, _ messages: [JSONValue], _ generation: Bool, _ options: [String: JSONValue],
    _ reader: JSONReader
  ) throws {
    var reader = reader
    let expected = try reader.optionalString("prompt")
    do throws(ChatTemplateError) {
      let template = try ChatTemplate(source: source, variables: variables)
      let prompt = try template.render(
        messages, addGenerationPrompt: generation, date: date, options: options)
      #expect(
        expected.map { Array($0.utf8) } == Array(prompt.text.utf8), "\(source.debugDescription)")
    } catch {
      #expect(expected == nil, "\(source.debugDescription): \(error.message)")
      if try reader.string("error") == "TemplateError" {
        #expect(error == .raised(message: try reader.string("reason")))
      }
    }
  }

  @Test func `every family's prompts are those of transformers`() throws {
    var reader = try JSONReader(document)
    var templates = try reader.object("templates")
    var chats = try reader.object("chats")
    let renderings = try reader.objects("renderings")
    #expect(renderings.count > 300)
    for var rendering in renderings {
      let options = try rendering.object("options")
      var values: [String: JSONValue] = [:]
      for key in options.keys { values[key] = rendering.optional("options")?[key] }
      try check(
        try templates.string(try rendering.string("template")),
        try chats.array(try rendering.string("chat")), try rendering.boolean("generation"), values,
        rendering)
    }
  }

  @Test func `expressions mean what they mean in Jinja`() throws {
    var reader = try JSONReader(document)
    var chats = try reader.object("chats")
    let messages = try chats.array("all")
    let expressions = try reader.objects("expressions")
    #expect(expressions.count > 60)
    for var expression in expressions {
      try check(try expression.string("source"), messages, true, [:], expression)
    }
  }

  @Test(arguments: [
    ("{% include 'x' %}", "line 1: the statement `include`"),
    ("a\n{% import 'os' as os %}", "line 2: the statement `import`"),
    ("{{ 1 | pprint }}", "line 1: the filter `pprint`"),
    ("{{ 1 is callable }}", "line 1: the test `callable`"),
    ("{{ ''.__class__ }}", "line 1: the attribute `__class__` of a text"),
    ("{{ messages.__len__ }}", "line 1: the attribute `__len__` of a list"),
    ("{{ 2 ** 9 }}", "line 1: the operator `**`"),
    ("{{ messages }}", "line 1: a list where a text is written"),
    ("\n\n{{ 1e9 }}", "line 3: the number `1` with letters after it"),
    ("{{ 'é'|upper }}", "line 1: a change of case of a text that is not ASCII"),
    ("{{ strftime_now('%c') }}", "line 1: the date format `%c`"),
    ("{{ 'a }}", "line 1: a text without its closing quote"),
    ("{{ (1 }}", "line 1: a bracket without its other half"),
    ("{% if 1 %}a", "line 1: expected `elif` or `else` or `endif`, got the end"),
    ("{% endif %}", "line 1: the statement `endif`"),
    ("{# a", "line 1: a comment without its end `#}`"),
    ("{{ 1", "line 1: a tag without its end"), ("{{ a b }}", "line 1: expected `}}`, got `b`"),
    ("{% break %}", "line 1: `break` outside of a loop"),
    ("{{ (1, 2) }}", "line 1: a tuple that is no argument, and not after `in`"),
    ("{{ $ }}", "line 1: the character `$` in a tag"),
    ("{{ '\\N{DASH}' }}", "line 1: an octal or named escape in a text"),
  ])
  func `what is not understood is refused with its line`(
    _ source: String, _ message: String
  ) throws {
    let error = #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(source: source).render(
        [ChatMessage(role: "user", content: "x")], addGenerationPrompt: true, date: date)
    }
    #expect(error?.message == "the chat template is not understood, " + message)
    #expect(error?.code == "chat-template-unsupported")
    #expect(
      error?.hint
        == "nothing was generated; a prompt that is not a chat still works with this backbone")
  }

  @Test(arguments: [
    "{% for i in range(9999999) %}{% endfor %}",
    "{% for i in range(3000) %}{% for j in range(3000) %}x{% endfor %}{% endfor %}",
    "{% set n = namespace(t='xxxxxxxx') %}{% for i in range(60) %}{% set n.t = n.t + n.t %}{% endfor %}",
    "{% set n = namespace(t='xxxxxxxx') %}{% for i in range(60) %}{% set n.t = n.t.replace('x', 'xxxx') %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
  ])
  func `a template without an end is stopped`(_ source: String) throws {
    let error = #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(source: source).render([ChatMessage](), addGenerationPrompt: false)
    }
    #expect(error?.code == "chat-template-endless")
  }

  @Test func `nesting is bounded`() {
    for source in [
      "{{ " + String(repeating: "[", count: 500) + String(repeating: "]", count: 500) + " }}",
      "{{ " + String(repeating: "not ", count: 500) + "1 }}",
      String(repeating: "{% if 1 %}", count: 500) + String(repeating: "{% endif %}", count: 500),
      "{{ " + String(repeating: "-", count: 500) + "1 }}",
    ] {
      let error = #expect(throws: ChatTemplateError.self) { try ChatTemplate(source: source) }
      #expect(error == .unsupported(line: 1, what: "nesting deeper than 100"))
    }
  }

  @Test func `a template that asks for the date is refused without one`() throws {
    let template = try ChatTemplate(source: "{{ strftime_now('%Y') }}")
    #expect(throws: ChatTemplateError.self) {
      try template.render([ChatMessage](), addGenerationPrompt: false)
    }
    #expect(ChatDate(year: 2023, month: 2, day: 29) == nil)
  }

  @Test func `the checkpoint's files name the template and its tokens`() throws {
    let configuration: JSONValue = [
      "bos_token": ["content": "<b>", "lstrip": false], "eos_token": "<e>", "pad_token": .null,
      "chat_template": [
        ["name": "default", "template": "{{ bos_token }}{{ eos_token }}{{ pad_token }}"],
        ["name": "rag", "template": "R"],
      ],
    ]
    func text(_ template: ChatTemplate) throws -> String {
      try template.render([ChatMessage](), addGenerationPrompt: false).text
    }
    #expect(try text(ChatTemplate(configuration: configuration.bytes)) == "<b><e>")
    #expect(try text(ChatTemplate(configuration: configuration.bytes, name: "rag")) == "R")
    let jinja = Array("J{{ bos_token }}\n".utf8)
    #expect(try text(ChatTemplate(configuration: configuration.bytes, jinja: jinja)) == "J<b>")
    let single = editing(configuration, at: ["chat_template"], to: "S")
    #expect(try text(ChatTemplate(configuration: single.bytes)) == "S")

    var error = #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(configuration: configuration.bytes, name: "tool_use")
    }
    #expect(
      error?.message
        == "there is no chat template `tool_use`: expected one of `default`, `rag`")
    error = #expect(throws: ChatTemplateError.self) { try ChatTemplate(configuration: nil) }
    #expect(error?.exitCode == .notFound)
    error = #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(configuration: Array("{".utf8))
    }
    #expect(error?.code == "chat-template-syntax")
    error = #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(
        configuration: editing(configuration, at: ["eos_token"], to: 1).bytes)
    }
    #expect(
      error?.message
        == "`tokenizer_config.json`, `eos_token`: expected a string, got a whole number")
  }
}
