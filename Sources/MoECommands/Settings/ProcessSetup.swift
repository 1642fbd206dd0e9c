import Foundation
import MoEBase

/// What is set up once, before a command runs: signals, and the three streams.
enum ProcessSetup {
  /// Lets whatever ends the program from outside end it with 130.
  ///
  /// Everything is whole at any moment, and the next change drops what this one staged. A limit on file
  /// sizes, or a reader that left, is an error of the write.
  static func handleSignals() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    // Whoever starts this program from a worker thread that blocks signals does not mean it to be deaf.
    var blocked = sigset_t()
    sigemptyset(&blocked)
    defer { pthread_sigmask(SIG_UNBLOCK, &blocked, nil) }
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      sigaddset(&blocked, number)
      let before = signal(number) { _ in
        let farewell: StaticString = "\ninterrupted; the store is whole\n"
        _ = write(STDERR_FILENO, farewell.utf8Start, farewell.utf8CodeUnitCount)
        _exit(MoEBase.ExitCode.interrupted.rawValue)
      }
      // What a caller made this program deaf to (`nohup`) stays so.
      if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      }
    }
  }

  /// Fills the places of streams that the caller closed with ones that refuse: otherwise the next file
  /// that is opened, an archive or the index, would take such a place and be written to.
  static func guardStreams() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is the one that is missing.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// The arguments after the program's name.
  ///
  /// - Throws: ``UsageError`` where one is not UTF-8, which would otherwise be answered as another text.
  static func arguments() throws(UsageError) -> [String] {
    var texts: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let bytes = CommandLine.unsafeArgv[index] else { break }
      guard let text = String(validatingCString: bytes) else { throw UsageError(argument: index) }
      texts.append(text)
    }
    return texts
  }
}
