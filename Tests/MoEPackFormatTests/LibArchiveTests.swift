import MoEBase
import MoEPackFormat
import Testing

@Suite struct LibArchiveTests {
  @Test func `a missing library is an error that says how to install it`() throws {
    let names = ["libno-such-archive.so.7", "libno-such-archive.so"]
    let reason = #expect(throws: PackVerificationError.Reason.self) { try LibArchive(names: names) }
    let error = PackVerificationError("a.moepack", try #require(reason))
    #expect(
      error.message.hasPrefix(
        "`a.moepack` cannot be read or written: expected libarchive, got `libno-such-archive.so.7: "
      ))
    #expect(error.message.contains("; libno-such-archive.so: "))
    #expect(
      error.hint == "nothing was done; `apt-get install libarchive13`, then run the command again")
    #expect(error.code == "archive-library-missing")
    #expect(error.exitCode == .configuration)
  }

  @Test func `a library of another kind is refused by the function it lacks`() {
    #expect(throws: PackVerificationError.Reason.noLibrary("it has no `archive_entry_free`")) {
      try LibArchive(names: ["libm.so.6"])
    }
  }

  @Test func `the first name that is there is taken`() throws {
    _ = try LibArchive(names: ["libno-such-archive.so.7"] + LibArchive.libraryNames)
  }
}
