import MoEBase

/// The JSON schemas of what the server takes and gives.
enum Schema {
  /// An error.
  static let error: JSONValue = object(
    [
      "error": object(
        [
          "message": string, "type": string, "param": ["type": ["string", "null"]], "code": string,
          "hint": string,
        ])
    ])

  /// The body of `/v1/predict` and `/v1/route`.
  static let textRequest: JSONValue = [
    "type": "object",
    "oneOf": [["required": ["text"]], ["required": ["texts"]]],
    "properties": [
      "text": described("One text.", text),
      "texts": described(
        "Several texts.",
        ["type": "array", "items": text, "minItems": 1, "maxItems": 2048]),
      "packs": described(
        "Only these packs or namespaces (`acme/*`) may answer.",
        ["type": "array", "items": string]),
      "pack": described("This pack answers, whatever the dispatcher says.", string),
      "forced": described("The nearest pack answers, even under its threshold.", boolean),
      "all": described(
        "Tell every label, not the best three of each task, or those that a `tag` task gives.",
        boolean),
      "top_k": described(
        "The most packs that answer a text.",
        ["type": "integer", "minimum": 1, "maximum": 16]),
      "threshold": described(
        "How probable a pack must be to answer.",
        ["type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1]),
      "context": described(
        "Only packs about this region (jurisdiction) or language may answer.",
        [
          "type": "object", "properties": ["region": string, "language": string],
          "additionalProperties": false,
        ]),
    ],
    "additionalProperties": false,
  ]

  private static let routeMembers: [(String, JSONValue)] = [
    ("generation", integer), ("composition", string), ("forced", boolean),
    ("truncated", boolean),
    (
      "route",
      array(
        object([
          "pack": string, "version": string, "digest": string, "margin": number, "weight": number,
        ]))
    ),
    ("none", number), ("nearest", object(["pack": string, "margin": number])),
  ]

  private static let prediction: JSONValue = [
    "type": "object",
    "properties": [
      "pack": string, "task": string, "label": string, "probability": number,
      "threshold": described(
        "Of a `tag` task, where any number of labels applies: the label is given where its probability is "
          + "greater. Only with `all` do labels come that are not.", number),
    ],
    "required": ["pack", "task", "label", "probability"],
  ]

  private static func results(_ members: [(String, JSONValue)]) -> JSONValue {
    let result: JSONValue = [
      "type": "object",
      "properties": .object(members.map { JSONMember($0.0, $0.1) }),
      "required": ["generation", "composition", "route", "none"],
    ]
    return object([
      "id": string, "generation": integer, "composition": string, "results": array(result),
      "usage": object(["texts": integer, "tokens": integer]),
    ])
  }

  /// What `/v1/predict` gives.
  static let predictions = results(routeMembers + [("predictions", array(prediction))])
  /// What `/v1/route` gives.
  static let routes = results(routeMembers)

  /// The body of `/v1/embeddings`.
  static let embeddingRequest: JSONValue = [
    "type": "object", "required": ["model", "input"],
    "properties": [
      "model": described("The backbone's name, or a pack's for its expert space.", string),
      "input": [
        "oneOf": [
          ["type": "string", "minLength": 1],
          [
            "type": "array", "items": ["type": "string", "minLength": 1], "minItems": 1,
            "maxItems": 2048,
          ],
        ]
      ],
      "encoding_format": ["enum": ["float", "base64"]],
      "dimensions": described(
        "The model's own width, or absent.", ["type": "integer", "minimum": 1]),
      "user": string,
    ],
    "additionalProperties": false,
  ]

  /// What `/v1/embeddings` gives.
  static let embeddings = object([
    "object": string, "model": string,
    "data": array(
      object([
        "object": string, "index": integer,
        "embedding": ["oneOf": [string, ["type": "array", "items": number]]],
      ])),
    "usage": object(["prompt_tokens": integer, "total_tokens": integer]),
  ])

  /// One model.
  static let model: JSONValue = [
    "type": "object",
    "properties": ["id": string, "object": string, "created": integer, "owned_by": string],
    "required": ["id", "object", "created", "owned_by"],
  ]
  /// A list of models.
  static let models = object(["object": string, "generation": integer, "data": array(model)])
  /// `{"status"}`.
  static let status = object(["status": string])
  /// What `/readyz` gives.
  static let readiness: JSONValue = [
    "type": "object",
    "properties": [
      "status": ["enum": ["ok", "degraded"]], "generation": integer, "failing": ["type": "object"],
    ],
    "required": ["status", "generation"],
  ]
  /// What `/version` gives.
  static let version = object(["program": string, "version": string])

  /// The body of `/v1/feedback`.
  static let feedback: JSONValue = [
    "type": "object", "required": ["request", "expect"],
    "properties": [
      "request": described(
        "The id of the answer.", ["type": "string", "pattern": "^req_[0-9a-f]{24}$"]),
      "expect": [
        "oneOf": [
          ["const": "none"], object(["pack": string, "task": string, "label": string]),
          object(["pack": string, "task": string, "labels": array(string)]),
        ]
      ],
      "text": string, "comment": string,
    ],
    "additionalProperties": false,
  ]
  /// The body of `/v1/analyze`.
  static let analyzeRequest: JSONValue = [
    "type": "object", "required": ["text"],
    "properties": [
      "text": text, "title": string,
      "markdown": described("Whether `#` begins a heading and ``` a fence.", boolean),
      "format": ["enum": ["json", "html"]], "packs": array(string),
      "context": [
        "type": "object", "properties": ["region": string, "language": string],
        "additionalProperties": false,
      ],
    ],
    "additionalProperties": false,
  ]

  /// What `/v1/evals` gives.
  static let evals = object([
    "pack": string, "generation": integer,
    "history": array(
      object([
        "generation": integer, "createdAt": ["type": ["string", "null"]], "version": string,
        "digest": string,
        "evals": array([
          "type": "object",
          "properties": [
            "eval": string, "task": string, "metric": string, "value": number,
            "baseline": number, "floor": number, "examples": integer,
          ],
          "required": ["eval", "task", "metric", "value", "baseline", "floor", "examples"],
        ]),
      ])),
  ])
  /// What `/v1/feedback` gives.
  static let recorded = object(["recorded": boolean, "request": string])
  /// What `/v1/usage` gives.
  static let usage = object([
    "since": string, "receipts": integer,
    "counts": array([
      "type": "object",
      "properties": [
        "key": string, "pack": string, "digest": string, "requests": integer, "texts": integer,
        "tokens": integer,
      ],
      "required": ["key", "requests", "texts", "tokens"],
    ]),
  ])
  /// A DSSE envelope.
  static let envelope = object([
    "payload": string, "payloadType": string, "signatures": array(["type": "object"]),
  ])
  /// What `/v1/stats` gives.
  static let stats = object([
    "generation": integer, "requestsPerSecond": number, "medianSeconds": number,
    "p99Seconds": number, "queueDepth": integer, "connections": integer, "switches": integer,
    "compositions": integer,
  ])
  /// The body of `/v1/rollback`.
  static let rollback: JSONValue = [
    "type": "object", "required": ["generation"],
    "properties": [
      "generation": ["type": "integer", "minimum": 0],
      "no_eval": described("Without the regression suite.", boolean),
    ],
    "additionalProperties": false,
  ]

  /// The body of `/v1/trace`.
  static let traceRequest: JSONValue = [
    "type": "object", "required": ["text"], "properties": ["text": text],
    "additionalProperties": false,
  ]
  /// What `/v1/trace` gives.
  static let trace = object([
    "id": string, "generation": integer, "tokens": array(string),
    "layers": array(
      object([
        "pack": ["type": ["string", "null"]], "layer": integer, "shares": array(number),
        "tokens": array(array(integer)),
      ])),
  ])
}
