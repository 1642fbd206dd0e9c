import CKernels

/// The inference kernels on one path, with defined bits.
///
/// Every output is made by one fixed order of IEEE operations, so it does not depend on the path, on the
/// batch or the row's place in it, on strides, or on threads. A linear output is one chain of fused
/// multiply-adds over the inputs, ascending, from 0. A sum along a row has sixteen accumulators, lane `l`
/// taking the elements `l, l + 16, …`, folded by halves. Denormals are honoured: each call sets the
/// thread's floating-point control to its default and restores it. Only the sign and payload of a NaN are
/// not defined.
///
/// Nothing is allocated, and every call stays on the calling thread. Strides are distances between rows in
/// floats. Pointers need no alignment beyond `Float`'s; outputs may not overlap inputs unless a kernel
/// says so.
public struct Kernels: Sendable {
  /// The instructions used.
  public let path: KernelPath

  /// Chooses the kernels of a path.
  ///
  /// - Precondition: this CPU supports it.
  public init(path: KernelPath = .best) {
    precondition(
      KernelPath.supported.contains(path), "this CPU cannot run the \(path.rawValue) kernels")
    self.path = path
  }

  /// Calls one kernel of the path under default floating-point control.
  @inline(__always)
  func call<Result>(_ body: (borrowing moe_kernels) -> Result) -> Result {
    let state = moe_floating_point_enter()
    defer { moe_floating_point_leave(state) }
    return body(moe_kernels_of(path.code).pointee)
  }
}

/// Runs `body` with this thread's floating-point control in its default state, then restores it.
///
/// Default: round to nearest, denormals honoured, no traps. The kernels and the thread pool do this
/// themselves; it is for plain Swift arithmetic whose bits must be defined too.
public func withDefaultFloatingPoint<Result, Failure>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let state = moe_floating_point_enter()
  defer { moe_floating_point_leave(state) }
  return try body()
}
