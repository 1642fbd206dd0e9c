import Foundation
import GRDB

/// The tables of `store.sqlite` and how they are opened.
///
/// `application_id` says whose database it is, `user_version` which version of these tables it has. A
/// program refuses a version it does not know. Texts are compared byte by byte (SQLite's BINARY).
enum StoreSchema {
  /// The newest version this program knows.
  static let version = 6
  /// How long a statement waits while another program keeps the database for itself.
  static let busyTimeoutSeconds = 10
  /// `moep`, in SQLite's `application_id`.
  static let applicationID = 0x6D6F_6570

  /// Opens the database.
  ///
  /// A rollback journal rather than a write-ahead log, so that it can be read from a read-only mount;
  /// `synchronous = EXTRA`, so that a commit that was acknowledged survives a power cut.
  static func open(_ layout: StoreLayout, isReadOnly: Bool) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = isReadOnly
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(TimeInterval(busyTimeoutSeconds))
    configuration.label = "moe-pack store"
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA synchronous = EXTRA")
      if !isReadOnly { _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE") }
    }
    return try DatabaseQueue(path: layout.database, configuration: configuration)
  }

  /// Reads whose database it is and its version; version 0 is an empty one.
  ///
  /// - Throws: ``StoreError/notAStore(path:reason:)`` when the tables are somebody else's, or
  ///   ``StoreError/newerSchema(store:found:known:)``.
  static func checkedVersion(_ queue: DatabaseQueue, _ layout: StoreLayout) throws -> Int {
    let (owner, found, tables) = try queue.read { database in
      (
        try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      )
    }
    if owner == 0, found == 0, tables == 0 { return 0 }
    guard owner == applicationID else {
      throw StoreError.notAStore(
        path: layout.root, reason: "its store.sqlite belongs to another program")
    }
    guard found <= version else {
      throw StoreError.newerSchema(store: layout.root, found: found, known: version)
    }
    return found
  }

  /// Brings the tables forward to ``version``, each step in a transaction.
  ///
  /// The owner is written first, so that nobody takes a store in the making for somebody else's.
  static func migrate(_ queue: DatabaseQueue) throws {
    try queue.write { try $0.execute(sql: "PRAGMA application_id = \(applicationID)") }
    try migrator.migrate(queue)
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(sql: tables)
      try database.execute(
        sql: """
          INSERT INTO generation (id, actor, action, is_proven, is_kept)
          VALUES (0, '', 'new store', 1, 1)
          """)
      try database.execute(sql: "PRAGMA user_version = 1")
    }
    migrator.registerMigration("2") { database in
      try database.execute(
        sql: """
          ALTER TABLE generation ADD COLUMN threshold REAL NOT NULL DEFAULT 0.5
          CHECK (threshold > 0 AND threshold < 1)
          """)
      try database.execute(sql: "PRAGMA user_version = 2")
    }
    migrator.registerMigration("3") { database in
      try database.execute(sql: trustTables)
      try database.execute(sql: "PRAGMA user_version = 3")
    }
    migrator.registerMigration("4") { database in
      try database.execute(sql: operatorEvalTable)
      try database.execute(sql: "PRAGMA user_version = 4")
    }
    migrator.registerMigration("5") { database in
      try database.execute(sql: "ALTER TABLE generation ADD COLUMN reason TEXT")
      try database.execute(sql: pinTable)
      try database.execute(sql: "PRAGMA user_version = 5")
    }
    migrator.registerMigration("6") { database in
      try database.execute(
        sql: """
          ALTER TABLE generation ADD COLUMN precision TEXT NOT NULL DEFAULT 'f32'
          CHECK (precision IN ('f32', 'bf16', 'int8'))
          """)
      try database.execute(sql: "PRAGMA user_version = 6")
    }
    return migrator
  }

  private static let pinTable = """
    -- Names of packs that no change but a revocation may upgrade or take away.
    CREATE TABLE pin (name TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
    """

  private static let operatorEvalTable = """
    -- The operator's own eval sets; without a pack, texts that no pack may answer.
    CREATE TABLE operator_eval (
      name TEXT PRIMARY KEY NOT NULL,
      pack TEXT,
      lines BLOB NOT NULL,
      added_at TEXT NOT NULL,
      added_by TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  private static let trustTables = """
    -- The versions of the signed trust root; the greatest is in force.
    CREATE TABLE trust_root (
      version INTEGER PRIMARY KEY,
      envelope BLOB NOT NULL,
      added_at TEXT NOT NULL
    ) STRICT;

    -- On the operator's word: a public key's line, or a pack's digest.
    CREATE TABLE revocation (
      subject TEXT PRIMARY KEY NOT NULL,
      reason TEXT NOT NULL,
      added_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE allowed_digest (
      digest TEXT PRIMARY KEY NOT NULL,
      comment TEXT NOT NULL,
      added_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- What the scan at install found.
    CREATE TABLE tensor (
      pack TEXT NOT NULL REFERENCES pack (digest) ON DELETE CASCADE,
      entry TEXT NOT NULL,
      name TEXT NOT NULL,
      absmax REAL NOT NULL,
      PRIMARY KEY (pack, entry, name)
    ) STRICT, WITHOUT ROWID;
    """

  private static let tables = """
    CREATE TABLE blob (
      digest TEXT PRIMARY KEY NOT NULL,
      size INTEGER NOT NULL CHECK (size >= 0)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE pack (
      digest TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      release INTEGER NOT NULL,
      signers TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Position 0 is the envelope.
    CREATE TABLE pack_entry (
      pack TEXT NOT NULL REFERENCES pack (digest) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      blob TEXT NOT NULL REFERENCES blob (digest),
      PRIMARY KEY (pack, position),
      UNIQUE (pack, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pack_entry_blob ON pack_entry (blob);

    -- The greatest id is the active generation. A generation that is not kept has no packs here.
    CREATE TABLE generation (
      id INTEGER PRIMARY KEY,
      parent INTEGER REFERENCES generation (id),
      created_at TEXT,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      is_proven INTEGER NOT NULL CHECK (is_proven IN (0, 1)),
      report TEXT,
      is_kept INTEGER NOT NULL CHECK (is_kept IN (0, 1))
    ) STRICT;

    CREATE TABLE generation_pack (
      generation INTEGER NOT NULL REFERENCES generation (id),
      pack TEXT NOT NULL REFERENCES pack (digest),
      PRIMARY KEY (generation, pack)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX generation_pack_pack ON generation_pack (pack);

    -- Rollback memory: what outlives the removal of a pack.
    CREATE TABLE highest_release (
      name TEXT PRIMARY KEY NOT NULL,
      release INTEGER NOT NULL,
      pack TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE trusted_key (
      key_id TEXT NOT NULL,
      namespaces TEXT NOT NULL,
      public_key TEXT NOT NULL,
      comment TEXT NOT NULL,
      added_at TEXT NOT NULL,
      PRIMARY KEY (public_key, namespaces)
    ) STRICT, WITHOUT ROWID;

    -- A change under way. It ends in the transaction that commits the change.
    CREATE TABLE intent (
      id INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      actor TEXT NOT NULL,
      started_at TEXT NOT NULL,
      process INTEGER NOT NULL
    ) STRICT;
    """
}
