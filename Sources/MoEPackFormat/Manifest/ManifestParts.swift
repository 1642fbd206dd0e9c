import Foundation
public import MoEBase
public import SafeTensors

extension Manifest {
  /// Where and when the pack's content is true; shown with each answer.
  public struct About: Sendable, Equatable {
    /// Language tags, `en` for example.
    public var languages: [String]
    /// Jurisdictions, `SG` for example.
    public var jurisdictions: [String]
    /// The date, `YYYY-MM-DD`.
    public var asOf: String

    /// Makes the part.
    public init(languages: [String], jurisdictions: [String], asOf: String) {
      self.languages = languages
      self.jurisdictions = jurisdictions
      self.asOf = asOf
    }
  }

  /// The backbone a pack was made for.
  public struct Backbone: Sendable, Equatable {
    /// Its name, for people.
    public var name: String
    /// The digest of its files: what decides.
    public var digest: Digest

    /// Makes the part.
    public init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  /// The shape of a pack's experts.
  public struct Experts: Sendable, Equatable {
    /// The hook points: the layers that get experts, ascending, from 0.
    public var layers: [Int]
    /// F, the experts' width.
    public var width: Int
    /// E, how many experts each layer gets.
    public var count: Int
    /// K, how many of them a token is sent to.
    public var topK: Int
    /// What is between the projections: `gelu`, the exact one by erf, or beside a language model's networks
    /// `swiglu`.
    public var activation: String
    /// How each layer's router spreads tokens, in the order of the layers; empty where `count` is 1, and where
    /// the experts were trained elsewhere.
    public var utilization: [Utilization]

    /// Whether the experts are gated networks, as a language model's are.
    public var isGated: Bool { activation == Self.gated }

    /// The activation of gated experts.
    public static let gated = "swiglu"

    /// Makes the part.
    public init(
      layers: [Int], width: Int, count: Int, topK: Int, activation: String = "gelu",
      utilization: [Utilization] = []
    ) {
      self.layers = layers
      self.width = width
      self.count = count
      self.topK = topK
      self.activation = activation
      self.utilization = utilization
    }
  }

  /// How the router of one layer spread the validation texts' tokens over the experts.
  public struct Utilization: Sendable, Equatable {
    /// By expert, the share of all tokens' K places that it took.
    public var shares: [Double]
    /// The mean entropy of a token's router probabilities, in nats: 0 … log E.
    public var entropy: Double

    /// Makes the part.
    public init(shares: [Double], entropy: Double) {
      self.shares = shares
      self.entropy = entropy
    }

    /// The greatest share times E: 1 where all experts work alike, E where one does everything.
    public var loadImbalance: Double { (shares.max() ?? 0) * Double(shares.count) }

    /// log E, in nats: the entropy of a router that is undecided everywhere.
    public var greatestEntropy: Double { log(Double(shares.count)) }

    /// The experts that took less than a tenth of an even share.
    public var deadExperts: [Int] {
      shares.indices.filter { shares[$0] * Double(shares.count) < 0.1 }
    }
  }

  /// One thing a pack predicts.
  public struct Task: Sendable, Equatable {
    /// Its name, `[a-z0-9][a-z0-9_-]{0,62}`.
    public var name: String
    /// Its kind.
    public var kind: TaskKind
    /// Rises when results are no longer comparable with those of earlier releases.
    public var version: Int
    /// The stable ids of its labels, in the order of the head's rows; empty where the kind has none.
    public var labels: [String]
    /// How answers are asked for, where the kind is `generate`.
    public var completion: CompletionSettings?

    /// Makes the part.
    public init(
      name: String, kind: TaskKind = .classify, version: Int = 1, labels: [String] = [],
      completion: CompletionSettings? = nil
    ) {
      self.name = name
      self.kind = kind
      self.version = version
      self.labels = labels
      self.completion = completion
    }
  }

  /// One eval set and what the vendor claims for it.
  public struct Evaluation: Sendable, Equatable {
    /// Its name, `[a-z0-9][a-z0-9_-]{0,62}`.
    public var name: String
    /// The task it measures.
    public var task: String
    /// The entry with its examples: `evals/<name>.jsonl`.
    public var entry: String
    /// What is counted: one of the kind's ``TaskKind/metrics``.
    public var metric: String
    /// The recorded result.
    public var value: Double
    /// The worst result the vendor signs for.
    public var floor: Double
    /// How far a repeated run may differ from `value`.
    public var tolerance: Double
    /// How many examples have an answer.
    public var examples: Int
    /// How many examples the pack must leave alone.
    public var none: Int
    /// What the dispatcher does with them.
    public var routing: Routing

    /// Makes the part.
    public init(
      name: String, task: String, metric: String = "accuracy", value: Double, floor: Double,
      tolerance: Double, examples: Int, none: Int, routing: Routing
    ) {
      self.name = name
      self.task = task
      entry = EntryName.evaluation(name)
      self.metric = metric
      self.value = value
      self.floor = floor
      self.tolerance = tolerance
      self.examples = examples
      self.none = none
      self.routing = routing
    }
  }

  /// What the dispatcher does with an eval set's examples when the pack is alone.
  public struct Routing: Sendable, Equatable {
    /// The share of own examples that select the pack.
    public var ownSelected: Double
    /// The share of the others that do; `nil` where there are none.
    public var noneSelected: Double?
    /// The area under the ROC curve of own against others; `nil` where there are none.
    public var auroc: Double?

    /// Makes the part.
    public init(ownSelected: Double, noneSelected: Double?, auroc: Double?) {
      self.ownSelected = ownSelected
      self.noneSelected = noneSelected
      self.auroc = auroc
    }
  }

  /// A pack's rows in the dispatcher.
  public struct Dispatcher: Sendable, Equatable {
    /// C, how many rows there are.
    public var rows: Int
    /// w, the share of the n-gram weights in the score, 0 … 1; 0 where the pack has none.
    public var ngramShare: Double
    /// τ, what the pack's score must pass, in nats.
    public var threshold: Double
    /// T > 0, what the rest is divided by.
    public var temperature: Double
    /// What τ and T were measured to do.
    public var calibration: Calibration

    /// Makes the part.
    public init(
      rows: Int, ngramShare: Double = 0, threshold: Double, temperature: Double,
      calibration: Calibration
    ) {
      self.rows = rows
      self.ngramShare = ngramShare
      self.threshold = threshold
      self.temperature = temperature
      self.calibration = calibration
    }
  }

  /// The figures of a dispatcher's calibration.
  public struct Calibration: Sendable, Equatable {
    /// The share of held-out own texts over the threshold.
    public var ownRecall: Double
    /// The share of the profile's negatives over it.
    public var falseActivation: Double
    /// How many held-out own texts were used.
    public var ownExamples: Int
    /// How many negatives were used.
    public var negativeExamples: Int

    /// Makes the part.
    public init(ownRecall: Double, falseActivation: Double, ownExamples: Int, negativeExamples: Int)
    {
      self.ownRecall = ownRecall
      self.falseActivation = falseActivation
      self.ownExamples = ownExamples
      self.negativeExamples = negativeExamples
    }
  }

  /// One entry of the archive.
  public struct Entry: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its size in bytes.
    public var size: Int
    /// Its digest.
    public var digest: Digest
    /// Its media type.
    public var mediaType: String

    /// Makes the part.
    public init(name: String, size: Int, digest: Digest, mediaType: String) {
      self.name = name
      self.size = size
      self.digest = digest
      self.mediaType = mediaType
    }
  }

  /// One tensor of the pack.
  public struct Tensor: Sendable, Equatable {
    /// The entry that holds it.
    public var entry: String
    /// Its name.
    public var name: String
    /// Its element type.
    public var dtype: DType
    /// Its shape.
    public var shape: [Int]

    /// Makes the part.
    public init(entry: String, name: String, dtype: DType, shape: [Int]) {
      self.entry = entry
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// How a pack was made.
  public struct Provenance: Sendable, Equatable {
    /// The program and its version.
    public var trainer: String
    /// The seed of all randomness, at most `Int64.max`.
    public var seed: UInt64
    /// The class of CPU whose bits these are.
    public var cpuClass: String
    /// The kernels that were used.
    public var kernels: String
    /// The files of the pack source that went in.
    public var data: [DataFile]
    /// The trainer's settings, an object of its own.
    public var settings: JSONValue

    /// Makes the part.
    public init(
      trainer: String, seed: UInt64, cpuClass: String, kernels: String, data: [DataFile],
      settings: JSONValue
    ) {
      self.trainer = trainer
      self.seed = seed
      self.cpuClass = cpuClass
      self.kernels = kernels
      self.data = data
      self.settings = settings
    }
  }

  /// One file of a pack source.
  public struct DataFile: Sendable, Equatable {
    /// Its path within the source.
    public var file: String
    /// Its digest.
    public var digest: Digest
    /// How many lines it has.
    public var rows: Int

    /// Makes the part.
    public init(file: String, digest: Digest, rows: Int) {
      self.file = file
      self.digest = digest
      self.rows = rows
    }
  }
}
