"""Records what transformers renders of chat templates, for the Swift tests.

    tools/reference/byte-pair-parity --golden

The templates are this project's own, in the idioms of the families they are named after.
"""

import datetime
import json
import pathlib

import jinja2
import transformers
from transformers.utils import chat_template_utils

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Tests/MoEModelTests/Tokenizer/Golden/Chat"
NOW = datetime.datetime(2024, 2, 29, 14, 5, 9)

FAMILIES = {
    "mixtral": (
        "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Turns must alternate user/assistant') }}{% endif %}{% if message['role'] == 'user' %}"
        "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}"
        "{% else %}{{ raise_exception('Role ' ~ message['role'] ~ ' is not known') }}{% endif %}{% endfor %}"),
    "mixtral-system": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}

{{- bos_token }}
{%- for message in turns %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('After the optional system message, turns must alternate') }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.first and system_message is defined %}
            {{- " [INST] " + system_message + "\\n\\n" + message["content"] + " [/INST]" }}
        {%- else %}
            {{- " [INST] " + message["content"] + " [/INST]" }}
        {%- endif %}
    {%- else %}
        {{- " " + message["content"] + eos_token}}
    {%- endif %}
{%- endfor %}
""",
    "llama2": (
        "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% set system = messages[0]['content'] %}"
        "{% else %}{% set turns = messages %}{% set system = false %}{% endif %}{% for message in turns %}"
        "{% if loop.index0 == 0 and system != false %}{% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message['content'] %}"
        "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
        "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
        "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"),
    "llama3": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] "
        "+ '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
        "{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"),
    "llama3-dated": """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{#- The system message, if there is one, comes first. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif message.role == "tool" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "olmo": (
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>\n' + message['content'] + '\n' }}"
        "{% elif message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + '\n' }}{% elif message['role'] == 'assistant' %}"
        "{% if not loop.last %}{{ '<|assistant|>\n'  + message['content'] + eos_token + '\n' }}{% else %}"
        "{{ '<|assistant|>\n'  + message['content'] + eos_token }}{% endif %}{% endif %}{% if loop.last and add_generation_prompt %}"
        "{{ '<|assistant|>\n' }}{% endif %}{% endfor %}"),
    "qwen2": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}"
        "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"),
    "qwen3": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n{\\"name\\": <function-name>}<|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "granite": """{# Another name for the same. #}
{%- if tools and not available_tools -%}
    {%- set available_tools = tools -%}
{%- endif -%}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set system_message = "Today's Date: " + strftime_now('%B %d, %Y') + ".\\nYou help." %}
    {%- if available_tools %}
        {%- set system_message = system_message + " There are tools." %}
    {%- elif documents %}
        {%- set system_message = system_message + " There are documents." %}
    {%- elif thinking %}
        {%- set system_message = system_message + " Think." %}
    {%- else %}
        {%- set system_message = system_message + " Answer." %}
    {%- endif %}
    {%- if 'citations' in controls and documents %}
        {%- set system_message = system_message + '\\nCite.' %}
    {%- endif %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- '<|start_of_role|>system<|end_of_role|>' + system_message + '<|end_of_text|>\\n' }}
{%- if available_tools %}
    {{- '<|start_of_role|>tools<|end_of_role|>' }}
    {{- available_tools | tojson(indent=4) }}
    {{- '<|end_of_text|>\\n' }}
{%- endif %}
{%- if documents %}
    {{- '<|start_of_role|>documents<|end_of_role|>' }}
    {%- for document in documents %}
        {{- 'Document ' + loop.index0 | string + '\\n' }}
        {{- document['text'] }}
        {%- if not loop.last %}
            {{- '\\n\\n'}}
        {%- else %}
            {{- '<|end_of_text|>\\n' }}
        {%- endif %}
    {%- endfor %}
{%- endif %}
{%- for message in loop_messages %}
    {{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' + message['content'] + '<|end_of_text|>\\n' }}
    {%- if loop.last and add_generation_prompt %}
        {{- '<|start_of_role|>assistant' }}
            {%- if controls %}
                {{- ' ' + controls | tojson()}}
            {%- endif %}
        {{- '<|end_of_role|>' }}
    {%- endif %}
{%- endfor %}
""",
    "dbrx": (
        "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
        "{% elif 'system' not in messages[0]['role'] %}{% set loop_messages = messages %}{% set system_message = 'You are an assistant.\n\nBe brief.' %}"
        "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
        "{% if loop.index0 == 0 %}{% if system_message != false %}{{ '<|im_start|>system\n' + system_message | trim + '<|im_end|>\n'}}{% endif %}"
        "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' }}{% else %}"
        "{{ '\n' + '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' }}{% endif %}"
        "{% if (add_generation_prompt == true and loop.last) %}{{ '\n' + '<|im_start|>' + 'assistant' + '\n' }}{% endif %}{% endfor %}"),
    "spaced": """{# Line ends and leading blanks go where a block stands alone. #}
{% for message in messages %}
    {% if loop.first %}
First of {{ loop.length }}:
    {% endif %}
  {{ loop.index }}. {{ message.role|upper }}: {{ message.content }}
    {%+ if loop.last +%}
 the end{% endif %}

{% endfor %}
{% macro line(text, mark='-') %}
{{ mark }} {{ text -}}
{% endmacro %}
{{ line('one') }}{{ line('two', mark="*") }}
{%- for key, value in {'a': 1, 'b': [2, 3]}.items() if value != 1 %}  {{ key }}={{ value|join('+') }}{% else %}none{% endfor %}

""",
}

USER, ASSISTANT, SYSTEM = [{"role": role, "content": text} for role, text in [
    ("user", "  What is a lien? <|im_end|>\n"), ("assistant", "<think>\nHm.\n</think>\n\nA claim [/INST] on a ship. "), ("system", "Be \"exact\". é 船 🚢")]]
CHATS = {
    "one": [USER],
    "system": [SYSTEM, USER],
    "three": [USER, ASSISTANT, {"role": "user", "content": "And\r\nfreight?"}],
    "all": [SYSTEM, USER, ASSISTANT, {"role": "user", "content": ""}],
    "answered": [USER, ASSISTANT],
    "disordered": [ASSISTANT, USER],
    "stranger": [USER, {"role": "pirate", "content": "Arr"}],
    "tool": [USER, {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "find", "arguments": {"q": "l\u00e9\"\n", "n": [1, 2.5, None, True], "o": {}}}}]},
             {"role": "tool", "content": "found"}, {"role": "tool", "content": "more"}, ASSISTANT],
}
OPTIONS = [{}, {"enable_thinking": False}, {"tools": [{"type": "function", "function": {"name": "find", "parameters": {"q": "<text>", "list": [], "m": [1]}}}]},
           {"documents": [{"text": "Bill of lading"}, {"text": "Charter\nparty"}], "controls": ["citations"]}]

EXPRESSIONS = [
    "{{ 1 + 2 * 3 - 4 }}", "{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 // -2 }}", "{{ 7 / 2 }} {{ 1.5 + 1 }} {{ 2 * 0.5 }}", "{{ 'a' ~ 1 ~ none ~ true ~ x }}",
    "{{ 'abc'[0] }}{{ 'abc'[-1] }}{{ 'abc'[5] }}", "{{ 'abcdef'[1:4] }}|{{ 'abcdef'[::-1] }}|{{ 'abcdef'[::2] }}|{{ 'abcdef'[-2:] }}|{{ 'abcdef'[:-9] }}|{{ 'abcdef'[4:1:-1] }}|{{ 'abc'[9:] }}|{{ 'abcdef'[-99:99:3] }}|{{ 'abc'[5:-9:-1] }}",
    "{{ [1,2,3][1:]|join(',') }} {{ [1,2,3][::-1]|join }} {{ 2 in (1,2) }} {{ [1,2,]|length }}", "{{ 1 if x else 2 }} {{ 3 if x }}|", "{{ not x and 1 }} {{ 0 or 'b' }} {{ '' and 'c' }} {{ not 1 == 2 }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ 2 >= 2.0 }} {{ 1 == true }} {{ 1 == '1' }} {{ none == false }}", "{{ 'b' in 'abc' }} {{ 'd' not in 'abc' }} {{ 2 in [1,2] }} {{ 'k' in {'k': 1} }} {{ 'k' in x }}",
    "{{ x is defined }} {{ x is not defined }} {{ messages is defined }} {{ none is none }} {{ 'a' is string }} {{ [] is iterable }} {{ {} is mapping }} {{ 1 is number }} {{ 'a' is sequence }} {{ x is undefined }} {{ true is boolean }} {{ 1 is integer }} {{ 1.0 is float }}",
    "{{ 4 is even }} {{ 4 is odd }} {{ 'a' is eq 'a' }} {{ 'a' is equalto('b') }} {{ 1 is in [1] }} {{ false is false }} {{ 0 is false }} {{ true is true }} {{ not x is defined }} {{ 1 is not none and 2 is not none }}",
    "{{ '  a b ' | trim }}|{{ '  a b ' .strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xyaxy'.lstrip('yx') }}|{{ ' a '.rstrip() }}|{{ 'xaxx'|trim('x') }}|{{ '\u00a0\u2003a\x1c' | trim }}", "{{ 'a,b,,c'.split(',')|join('|') }} {{ 'a,b,c'.split(',', 1)|join('|') }} {{ ' a  b '.split()|join('|') }} {{ 'a,b,c'.rsplit(',', 1)|join('|') }} {{ ''.split()|length }} {{ ''.split(',')|length }}",
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'abc'.find('c') }} {{ 'abc'.find('d') }} {{ 'aXbX'.replace('X', 'yy') }} {{ 'aXbX'.replace('X', '', 1) }} {{ 'abab'|replace('a', 'c') }} {{ 'aaa'.count('a') }}",
    "{{ 'aBc dEf-gh (ij'.title() }} {{ 'aBc dEf-gh (ij'|title }} {{ 'aBC'.capitalize() }} {{ 'aBC'|capitalize }} {{ 'aB'|upper }} {{ 'aB'|lower }} {{ \"they're\".title() }}", "{{ 'a\\nb\\r\\nc\\n'.splitlines()|join('|') }}", "{{ 'pre-fix'.removeprefix('pre-') }} {{ 'a.txt'.removesuffix('.txt') }} {{ '-'.join(['a', 'b']) }}",
    "{{ {'b': 1, 'a': [true, none, 1.5, 'x\"y\\n', {}], 'e': []} | tojson }}", "{{ {'b': 1, 'a': [true, [], {'c': 'd'}], 'e': {}} | tojson(indent=2) }}", "{{ 'é\\u2028<>&\\'\\x7f\\x01 🚢' | tojson }} {{ 'é🚢\\x7f'|tojson(ensure_ascii=true) }}", "{{ [1]|tojson }}{{ 'a'|tojson(indent=4) }}",
    "{{ messages|map(attribute='role')|join(',') }} {{ messages|selectattr('role', 'equalto', 'user')|list|length }} {{ messages|rejectattr('role', 'eq', 'user')|list|length }} {{ messages|selectattr('nothing')|list|length }} {{ [1,0,2]|select|list|join }} {{ [1,2,3]|select('odd')|join }} {{ [1,2,3]|reject('odd')|join }}",
    "{{ x|default('d') }} {{ ''|default('d') }}|{{ ''|default('d', true) }} {{ none|d('e', boolean=true) }} {{ 0|default(1) }}", "{{ [3,1]|first }} {{ [3,1]|last }} {{ []|first is defined }} {{ 'ab'|list|length }} {{ [1,2]|reverse|list|join }} {{ 'ab'|reverse }} {{ '12'|int + 1 }} {{ 'x'|int }} {{ 3.9|int }} {{ 5|string + '!' }}",
    "{% set ns = namespace(a=1) %}{% for i in [1,2,3] %}{% set ns.a = ns.a + i %}{% set b = i %}{% endfor %}{{ ns.a }}{{ b is defined }}", "{% set x = 1 %}{% for i in [1,2] %}{{ x }}{% set x = x + i %}{{ x }};{% endfor %}{{ x }}", "{% for i in range(3) %}{{ i }}{{ ',' if not loop.last }}{% endfor %} {{ range(5, 1, -2)|join(' ') }} {{ range(2, 4)|list|length }}",
    "{% for i in [1,2,3,4] %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}", "{% for i in [] %}{{ i }}{% else %}empty{% endfor %}{% for i in x %}{% else %}undefined{% endfor %}", "{% for i in 'abc' %}{{ loop.index }}{{ loop.revindex }}{{ loop.first }}{{ loop.previtem|default('-') }}{{ loop.nextitem|default('-') }}{{ i }} {% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{% endfor %} {% for k in {'a': 1} %}{{ k }}{% endfor %} {% for k, v in {'z': 3}|items %}{{ k }}{{ v }}{% endfor %} {{ {'a': 5}.get('a') }} {{ {'a': 5}.get('b') }} {{ {'a': 5}.get('b', 'c') }} {{ {'a': 5}.keys()|join }}{{ {'a': 5}['a'] }}{{ {'a': 5}.a }}{{ {'items': 5}['items'] }}",
    "{% for a in [1,2] %}{% for b in [3,4] %}{{ loop.index }}{{ a }}{{ b }} {% endfor %}{{ loop.index }}{% endfor %}", "{% set t %}  in{{ 1 + 1 }}  {% endset %}[{{ t }}]", "{% macro m(a, b=2) %}{{ a }}-{{ b }}{{ c }}{% endmacro %}{% set c = 'C' %}{{ m(1) }} {{ m(1, b=3) }} {{ m('x')|upper }}",
    "{%- set s = 'a' 'b' \"c\" -%}   {{ s }}", "{{ 'tab\\tquote\\'back\\\\slash\\q \\x41\\u00e9' }}", "{% if x %}1{% elif messages %}2{% else %}3{% endif %}", "{# nothing #}a{#- nothing -#}  b", "a {{- 1 -}} b {%- if true -%} c {%- endif -%} d", "  {% if true %}\n  x\n  {% endif %}\ny\n", "\n\n{% if true %}\n\n{% endif %}\n\n", "{{ '{%' }} {{ '}}' }} {{ {'a': {'b': 1}}['a']['b'] }}", "a\r\nb\rc\n\n", "x {%+ if true %}y{% endif %}  {%+ if true +%}\n z{% endif %}",
    "{{ strftime_now('%Y-%m-%d %H:%M:%S %A %a %B %b %y %j %I %p %%') }}", "{% generation %}inside{% endgeneration %} {{ bos_token }}{{ unk_token }}|", "{{ messages[0]['content'] | length }} {{ messages[-1].role }} {{ messages[0].nothing is defined }} {{ messages[7] is defined }}", "{{ (messages | selectattr('role', 'equalto', 'user') | list)[-1].content | trim }}", "{{ x or 'nothing' }}{{ [x]|length }}{{ x ~ 'y' }}{{ x|length }}", "{{ 1 if 2 > 1 else 3 if x else 4 }} {{ 'a' not in ('b', 'c') }}|{{ [1] + [2] == [1, 2] }} {{ 'a' 'b' == 'ab' }} {{ true + true }}",
    "{{ raise_exception('no: ' + messages[0].role) }}", "{{ x.y }}", "{{ 'a' + 1 }}", "{{ x + 'a' }}", "{{ none + 'a' }}", "{{ 1 / 0 }}", "{{ messages[0].content.nothing.more }}", "{{ x['y'] }}", "{{ x() }}", "{% for i in 5 %}{% endfor %}", "{{ 'a' < 1 }}", "{{ 1 in 2 }}", "{% set ns = 1 %}{% set ns.a = 2 %}", "{% for a, b in [1] %}{% endfor %}", "{{ 'a'.split('') }}",
]


def render(source, messages, variables, options):
    try:
        prompts, _ = chat_template_utils.render_jinja_template(
            conversations=[messages], chat_template=source, **{"tools": None, "documents": None, **variables, **options})
        return {"prompt": prompts[0]}
    except (jinja2.exceptions.TemplateError, TypeError, ZeroDivisionError, ValueError) as error:
        return {"error": type(error).__name__, "reason": str(error)}


class Clock(datetime.datetime):
    @classmethod
    def now(cls, zone=None):
        return NOW


def write_golden():
    for module in [chat_template_utils]:
        module.datetime = Clock if module.datetime is datetime.datetime else type("m", (), {"datetime": Clock})
    GOLDEN.mkdir(parents=True, exist_ok=True)
    variables = {"bos_token": "<s>", "eos_token": "</s>"}
    lines = []
    for name, source in FAMILIES.items():
        for chat, messages in CHATS.items():
            for options in OPTIONS:
                if options and chat not in ("system", "tool", "all"):
                    continue
                for generation in [True, False]:
                    lines.append({"template": name, "chat": chat, "options": options, "generation": generation,
                                  **render(source, messages, variables, {**options, "add_generation_prompt": generation})})
    document = {"transformers": transformers.__version__, "jinja2": jinja2.__version__, "now": NOW.isoformat(), "variables": variables,
                "templates": FAMILIES, "chats": CHATS, "renderings": lines,
                "expressions": [{"source": source, **render(source, CHATS["all"], variables, {"add_generation_prompt": True})} for source in EXPRESSIONS]}
    path = GOLDEN / "renderings.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"wrote {len(lines)} renderings and {len(EXPRESSIONS)} expressions to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    write_golden()
