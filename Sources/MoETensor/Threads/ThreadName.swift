import CKernels

/// What the kernel and a debugger call a thread.
public enum ThreadName {
  /// Names the calling thread; without one of its own it has that of the thread that started it.
  ///
  /// Unlike the name of a Foundation thread it is there at once, even while whoever started the thread is not done
  /// with that. The system keeps the first 15 bytes.
  public static func set(_ name: String) { moe_name_thread(name) }
}
