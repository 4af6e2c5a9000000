#if canImport(Glibc)
import Glibc
#endif

/// Makes glibc return freed memory to the system.
enum FreedMemory {
    #if canImport(Glibc)
    /// `M_TRIM_THRESHOLD`
    private static let trimThreshold: CInt = -1
    /// `M_MMAP_THRESHOLD`
    private static let mapThreshold: CInt = -3
    /// Blocks of at least this many bytes get a mapping of their own, which is unmapped when they are freed.
    private static let ownMapping: CInt = 256 << 10
    /// Bytes that may stay free at the end of a heap.
    private static let freeEnd: CInt = 1 << 20
    #endif

    /// Fixes glibc's thresholds. Must be called before there are threads.
    ///
    /// By default, freeing a large block raises the mapping threshold to its size (at most 32 MiB): later blocks up to that
    /// size come from the heaps, which are per thread and hardly shrink. A threshold set explicitly stays. Measured with 80
    /// readers of 9 MB pages in a debug build: memory grew by 196 MB instead of 237 at the peak, and by 44 MB instead of 88
    /// after they had gone.
    static func begin() {
        #if canImport(Glibc)
        typealias Option = @convention(c) (CInt, CInt) -> CInt
        // A glibc program may have another allocator.
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let option = unsafeBitCast(symbol, to: Option.self)
        _ = option(mapThreshold, ownMapping)
        _ = option(trimThreshold, freeEnd)
        #endif
    }
}
