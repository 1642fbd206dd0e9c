import MoEBase

extension Schema {
  /// The body of `/v1/completions`.
  static let completionRequest = speech(
    required: ["model", "prompt"],
    [
      JSONMember(
        "prompt",
        [
          "oneOf": [
            string,
            ["type": "array", "items": string, "minItems": 1, "maxItems": 16],
          ]
        ])
    ])

  /// The body of `/v1/chat/completions`.
  static let chatRequest = speech(
    required: ["model", "messages"],
    [
      JSONMember(
        "messages",
        [
          "type": "array", "minItems": 1, "maxItems": 256,
          "items": [
            "type": "object", "required": ["role", "content"],
            "properties": [
              "role": ["enum": ["system", "user", "assistant"]],
              "content": [
                "oneOf": [
                  string,
                  [
                    "type": "array",
                    "items": [
                      "type": "object", "required": ["type", "text"],
                      "properties": ["type": ["const": "text"], "text": string],
                      "additionalProperties": false,
                    ],
                  ],
                ]
              ],
              "name": string,
            ],
            "additionalProperties": false,
          ],
        ]),
      JSONMember("max_completion_tokens", ["type": "integer", "minimum": 1]),
    ])

  private static func speech(required: [JSONValue], _ own: [JSONMember]) -> JSONValue {
    [
      "type": "object", "required": .array(required),
      "properties": .object(
        [
          JSONMember(
            "model",
            described("The backbone's name, or a pack's to make it speak.", string))
        ] + own + [
          JSONMember("max_tokens", ["type": "integer", "minimum": 1]),
          JSONMember("temperature", ["type": "number", "minimum": 0, "maximum": 2]),
          JSONMember("top_p", ["type": "number", "exclusiveMinimum": 0, "maximum": 1]),
          JSONMember("seed", integer),
          JSONMember(
            "stop",
            [
              "oneOf": [
                ["type": "string", "minLength": 1],
                [
                  "type": "array", "items": ["type": "string", "minLength": 1], "maxItems": 16,
                ],
              ]
            ]),
          JSONMember("stream", boolean),
          JSONMember(
            "stream_options",
            [
              "type": "object", "properties": ["include_usage": boolean],
              "additionalProperties": false,
            ]),
          JSONMember("n", ["const": 1]), JSONMember("user", string),
        ]),
      "additionalProperties": false,
    ]
  }

  /// What both give, a stream apart.
  static let completion = object([
    "id": string, "object": string, "created": integer, "model": string,
    "choices": array(["type": "object"]), "usage": ["type": "object"],
  ])
}
