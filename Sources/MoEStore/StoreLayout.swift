import Foundation
import MoEBase

/// Where things lie in a store directory.
///
/// ```
/// blobs/sha256/ab/<64 hex>   write-once files named by their digest, mode 0444
/// store.sqlite               the index: the truth about what is installed
/// store.sqlite.damaged       the index that a rebuild took the place of
/// staging/<transaction>/     what an unfinished change has unpacked
/// trash/                     what a gc is about to unlink
/// cache/                     what was computed of texts and packs, and can be again
/// lock                       held by whoever changes the store
/// served                     held by every server that answers from the store
/// ```
struct StoreLayout: Sendable {
  /// The store directory.
  let root: String

  var blobs: String { "\(root)/blobs" }
  var shards: String { "\(root)/blobs/sha256" }
  var database: String { "\(root)/store.sqlite" }
  var journal: String { "\(database)-journal" }
  var damaged: String { "\(database).damaged" }
  var damagedJournal: String { "\(damaged)-journal" }
  var staging: String { "\(root)/staging" }
  var trash: String { "\(root)/trash" }
  var cache: String { "\(root)/cache" }
  var lock: String { "\(root)/lock" }
  var served: String { "\(root)/served" }

  /// The directories of a store, parents first.
  var directories: [String] { [root, blobs, shards, staging, trash] }

  /// Whether a name in the store directory is one a store without an index may have.
  func owns(_ name: String) -> Bool {
    [blobs, staging, trash, cache, lock, served, journal, damaged, damagedJournal]
      .contains("\(root)/\(name)")
  }

  func shard(of digest: Digest) -> String { "\(shards)/\(digest.hex.prefix(2))" }
  func blob(_ digest: Digest) -> String { "\(shard(of: digest))/\(digest.hex)" }
  func trashed(_ digest: Digest) -> String { "\(trash)/\(digest.hex)" }
  func staging(intent: Int64) -> String { "\(staging)/\(intent)" }
}
