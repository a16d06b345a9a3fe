public import Tensors

/// A floating-point type that the fast kernels are built for.
public protocol KernelScalar: FloatingScalar {}

extension Float: KernelScalar {}
extension Double: KernelScalar {}
