import MoEBase
import MoEStore
import Testing

@Suite struct StoreErrorTests {
  private static let digest = Digest(of: [UInt8]("a".utf8))
  private static let other = Digest(of: [UInt8]("b".utf8))
  private static let holder = LockHolder(processID: 4711, command: "moe-pack gc")

  private static let sentences: [(StoreError, code: String, exit: ExitCode, text: String)] = [
    (
      .alreadyInstalled(pack: "example/one 1.0.0", digest: digest), "already-installed", .refused,
      """
      error: `example/one 1.0.0` is installed already: expected a pack or a release that is not, got the very same \
      (sha256:ca978112ca1b…)

      hint: nothing was changed; `moe-pack list` shows what is installed
      """
    ),
    (
      .lowerRelease(pack: "example/one 1.0.0", release: 1, highest: 2), "lower-release", .refused,
      """
      error: `example/one 1.0.0` is release 1, and this store has seen release 2 of it: expected 2 or higher

      hint: nothing was installed; to go back on purpose, install with `--allow-downgrade`
      """
    ),
    (
      .sameRelease(pack: "example/one 1.0.0", release: 1, seen: digest, got: other),
      "same-release", .refused,
      """
      error: `example/one 1.0.0` is release 1, and this store has seen another pack of that release: \
      expected sha256:ca978112ca1b…, got sha256:3e23e8160039…

      hint: nothing was installed; the publisher should raise `release` in pack.yaml, or install with \
      `--allow-downgrade`
      """
    ),
    (
      .notInstalled(name: "example/on\u{1B}[31m", nearest: "example/one"), "not-installed",
      .notFound,
      """
      error: no pack named `example/on\\u{1b}[31m` is installed, expected the name of one that is; the nearest \
      is `example/one`

      hint: nothing was changed; `moe-pack list` shows what is installed
      """
    ),
    (
      .notInstalled(name: "x/y", nearest: nil), "not-installed", .notFound,
      """
      error: no pack named `x/y` is installed, expected the name of one that is

      hint: nothing was changed; `moe-pack list` shows what is installed
      """
    ),
    (
      .noGeneration(id: 17, newest: 3), "no-generation", .notFound,
      """
      error: there is no generation 17: expected a number from 0 to 3

      hint: nothing was changed; `moe-pack history` lists the generations
      """
    ),
    (
      .noEarlierGeneration(store: "/s"), "no-generation", .notFound,
      """
      error: there is nothing to go back to in `/s`: expected a generation before the active one, got \
      generation 0, which a store is born with

      hint: nothing was changed; `moe-pack history` lists the generations
      """
    ),
    (
      .revoked(pack: "a/b 1.0.0", subject: "ed25519:00", reason: "stolen"), "pack-revoked", .trust,
      """
      error: `a/b 1.0.0` cannot come back: ed25519:00 is revoked (stolen), expected packs that are not

      hint: nothing was changed; `moe-pack trust list` shows what is revoked, `moe-pack trust allow DIGEST` \
      accepts one pack of a revoked key
      """
    ),
    (
      .generationDropped(id: 2, oldestKept: 5), "generation-dropped", .notFound,
      """
      error: the packs of generation 2 are no longer in the store: the oldest generation kept is 5

      hint: nothing was changed; `moe-pack history` lists the generations
      """
    ),
    (
      .noTrust(keyID: "ed25519:00", namespaces: "acme/*"), "key-not-trusted", .notFound,
      """
      error: key `ed25519:00` is not trusted for `acme/*`, expected the id of a key that is

      hint: nothing was changed; `moe-pack trust list` shows the keys
      """
    ),
    (
      .corrupt(["example/one 1.0.0: card.md: blob sha256:00 is missing", "another", "a third"]),
      "store-corrupt", .corruption,
      """
      error: the store is damaged: example/one 1.0.0: card.md: blob sha256:00 is missing (and 2 more)

      hint: `moe-pack doctor` names every damaged file and what mends it; \
      `moe-pack doctor --repair FILE` mends it from the pack's archive
      """
    ),
    (
      .databaseLost(store: "/s"), "store-database-lost", .corruption,
      """
      error: `/s` holds blobs and no index: expected `/s/store.sqlite`, got nothing

      hint: bring store.sqlite back from a backup, or make it anew from what the blobs say with \
      `moe-pack doctor --rebuild --trust NAMESPACE=publisher.pub`
      """
    ),
    (
      .indexWhole(store: "/s"), "store-index-whole", .refused,
      """
      error: the index of `/s` is whole, expected one that is lost or damaged

      hint: nothing was changed; `moe-pack doctor` says what else is wrong with the store
      """
    ),
    (
      .diskFull(operation: "move", path: "/s/trash/00", state: .collecting), "disk-full",
      .inputOutput,
      """
      error: the disk is full: no room to move `/s/trash/00`

      hint: nothing that a kept generation needs was touched; the next `moe-pack gc` goes on where it \
      stopped; make room (`moe-pack gc` frees what no generation needs) and try again
      """
    ),
    (
      .diskFull(operation: "write", path: "/s/store.sqlite", state: .unchanged), "disk-full",
      .inputOutput,
      """
      error: the disk is full: no room to write `/s/store.sqlite`

      hint: the store is unchanged, nothing was installed or removed; make room (`moe-pack gc` frees what \
      no generation needs) and try again
      """
    ),
    (
      .readOnly(store: "/s"), "store-read-only", .inputOutput,
      """
      error: the store `/s` is read-only, expected one that can be written

      hint: nothing was changed; name a directory that can be written with `--store`
      """
    ),
    (
      .denied(operation: "open", path: "/s/lock", state: .reading), "permission-denied",
      .inputOutput,
      """
      error: no permission to open `/s/lock`

      hint: nothing was changed; check who owns the store, or name another one with `--store`
      """
    ),
    (
      .inputOutput(
        operation: "synchronize", path: "/s/blobs", reason: "Input/output error",
        state: .uncertain), "store-io", .inputOutput,
      """
      error: the system refused to synchronize `/s/blobs`: Input/output error

      hint: the disk failed while the change was being committed; `moe-pack list` shows what is installed; \
      check the disk, then try again
      """
    ),
    (
      .locked(store: "/s", holder: holder, timeout: .seconds(10)), "store-locked", .locked,
      """
      error: `/s` is being changed by process 4711 (`moe-pack gc`), expected an end within 10 s, \
      got none

      hint: nothing was changed; try again when it is done, or wait longer with `--lock-timeout`
      """
    ),
    (
      .notAStore(path: "/s", reason: "expected a directory, got a file"), "not-a-store",
      .configuration,
      """
      error: `/s` is not a pack store: expected a directory, got a file

      hint: nothing was changed; name a store or an empty directory with `--store`
      """
    ),
    (
      .newerSchema(store: "/s", found: 2, known: 1), "store-newer", .configuration,
      """
      error: `/s` was made by a newer moe-pack: its index has version 2, and this program knows up to 1

      hint: nothing was changed; use the newer moe-pack, or another directory with `--store`
      """
    ),
    (
      .olderSchemaReadOnly(store: "/s", found: 1, known: 2), "store-older-read-only",
      .configuration,
      """
      error: `/s` was made by an older moe-pack and is read-only: its index has version 1, expected 2

      hint: open it once where it can be written: `moe-pack list` brings the index forward
      """
    ),
  ]

  @Test(arguments: 0..<sentences.count)
  func `every error has its code, its exit code and its two sentences`(index: Int) {
    let (error, code, exit, text) = Self.sentences[index]
    #expect(error.code == code)
    #expect(error.exitCode == exit)
    #expect(error.description == text)
  }

  @Test func `a holder says what the lock file tells`() {
    #expect(Self.holder.description == "process 4711 (`moe-pack gc`)")
    #expect(LockHolder(processID: 12, command: nil).description == "process 12")
    #expect(LockHolder(processID: nil, command: nil).description == "another process")
  }
}
