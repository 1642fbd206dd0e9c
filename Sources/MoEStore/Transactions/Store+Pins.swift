import MoEPackFormat

extension Store {
  /// The names of packs that no change but a revocation may upgrade or take away, ordered by their bytes.
  ///
  /// Pins are no part of a generation: they decide what may be changed, not what is installed.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func pins() throws -> [String] { try read { try $0.pins() } }

  /// Pins an installed pack.
  ///
  /// - Returns: Whether it was not pinned before.
  /// - Throws: ``StoreError/notInstalled(name:nearest:)``.
  @discardableResult
  public func pin(_ name: String) throws -> Bool {
    try whileLocked { _ in
      let pack = try installedPack(named: name)
      return try write { try $0.insertPin(pack.name.description) }
    }
  }

  /// Lets a pack change again.
  ///
  /// - Returns: Whether it was pinned; the pack need not be installed any more.
  /// - Throws: ``StoreError``.
  @discardableResult
  public func unpin(_ name: String) throws -> Bool {
    try whileLocked { _ in try write { try $0.removePin(name) } }
  }
}
