import CArchive
import Foundation

/// libarchive, which packs and unpacks zstd; loaded when it is first asked for.
///
/// It brings a dozen libraries of its own along. Linked, they made up a fifth of the work of starting any command,
/// most of which never see an archive. Functions of a library that stays loaded may be shared.
package struct LibArchive: @unchecked Sendable {
  /// The names under which the library is looked for.
  package static let libraryNames = ["libarchive.so.13", "libarchive.so"]

  let entryFree: moe_archive_entry_free
  let entryNew: moe_archive_entry_new
  let entrySetFiletype: moe_archive_entry_set_filetype
  let errorString: moe_archive_error_string
  let filterBytes: moe_archive_filter_bytes
  let filterCode: moe_archive_filter_code
  let filterCount: moe_archive_filter_count
  let readData: moe_archive_read_data
  let readFree: moe_archive_read_free
  let readNew: moe_archive_read_new
  let readNextHeader: moe_archive_read_next_header
  let readOpen: moe_archive_read_open
  let readSupportFilterZstd: moe_archive_read_support_filter_zstd
  let readSupportFormatRaw: moe_archive_read_support_format_raw
  let writeAddFilterZstd: moe_archive_write_add_filter_zstd
  let writeClose: moe_archive_write_close
  let writeData: moe_archive_write_data
  let writeFree: moe_archive_write_free
  let writeHeader: moe_archive_write_header
  let writeNew: moe_archive_write_new
  let writeOpen: moe_archive_write_open
  let writeSetBytesPerBlock: moe_archive_write_set_bytes_per_block
  let writeSetFilterOption: moe_archive_write_set_filter_option
  let writeSetFormatRaw: moe_archive_write_set_format_raw
  private let setErrorFunction: UnsafeMutableRawPointer

  private static let loaded = Result<LibArchive, PackVerificationError.Reason> {
    () throws(PackVerificationError.Reason) in try LibArchive(names: libraryNames)
  }

  /// The library of the process, loaded by the first call.
  ///
  /// - Throws: ``PackVerificationError/Reason/noLibrary(_:)``.
  static func load() throws(PackVerificationError.Reason) -> LibArchive { try loaded.get() }

  /// Loads the first library of those names that is there.
  ///
  /// - Throws: ``PackVerificationError/Reason/noLibrary(_:)`` where none is, or one lacks a function.
  package init(names: [String]) throws(PackVerificationError.Reason) {
    var reasons: [String] = []
    var found: UnsafeMutableRawPointer?
    for name in names where found == nil {
      found = dlopen(name, RTLD_NOW | RTLD_LOCAL)
      if found == nil { reasons.append(dlerror().map { String(cString: $0) } ?? name) }
    }
    guard let library = found else { throw .noLibrary(reasons.joined(separator: "; ")) }
    func function<Function>(
      _ name: String, _ type: Function.Type = Function.self
    ) throws(PackVerificationError.Reason) -> Function {
      guard let address = dlsym(library, name) else { throw .noLibrary("it has no `\(name)`") }
      return unsafeBitCast(address, to: type)
    }
    entryFree = try function("archive_entry_free")
    entryNew = try function("archive_entry_new")
    entrySetFiletype = try function("archive_entry_set_filetype")
    errorString = try function("archive_error_string")
    filterBytes = try function("archive_filter_bytes")
    filterCode = try function("archive_filter_code")
    filterCount = try function("archive_filter_count")
    readData = try function("archive_read_data")
    readFree = try function("archive_read_free")
    readNew = try function("archive_read_new")
    readNextHeader = try function("archive_read_next_header")
    readOpen = try function("archive_read_open")
    readSupportFilterZstd = try function("archive_read_support_filter_zstd")
    readSupportFormatRaw = try function("archive_read_support_format_raw")
    writeAddFilterZstd = try function("archive_write_add_filter_zstd")
    writeClose = try function("archive_write_close")
    writeData = try function("archive_write_data")
    writeFree = try function("archive_write_free")
    writeHeader = try function("archive_write_header")
    writeNew = try function("archive_write_new")
    writeOpen = try function("archive_write_open")
    writeSetBytesPerBlock = try function("archive_write_set_bytes_per_block")
    writeSetFilterOption = try function("archive_write_set_filter_option")
    writeSetFormatRaw = try function("archive_write_set_format_raw")
    setErrorFunction = try function("archive_set_error")
  }

  /// Has libarchive give up with that message.
  func setError(_ archive: OpaquePointer, _ number: CInt, _ message: String) {
    moe_archive_set_error(setErrorFunction, archive, number, message)
  }
}
