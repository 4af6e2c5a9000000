#if canImport(Glibc)
import Glibc
#endif

/// Has memory that is no longer used go back to the system.
enum FreedMemory {
    #if canImport(Glibc)
    /// `M_TRIM_THRESHOLD`
    private static let trimThreshold: CInt = -1
    /// `M_MMAP_THRESHOLD`
    private static let mapThreshold: CInt = -3
    /// What is at least as large, in bytes, is a mapping of its own, and gone when it is freed.
    private static let ownMapping: CInt = 256 << 10
    /// As much may be free at the end of a heap, in bytes.
    private static let freeEnd: CInt = 1 << 20
    #endif

    /// To be called before there are threads.
    ///
    /// When something large is freed, glibc takes it for usual and has everything up to that size, at most 32 MiB, come
    /// from its heaps from then on, of which each thread has another, and which hardly shrink. A limit that is set stays as
    /// it is. Measured with 80 readers of pages of 9 MB, in a debug build: 196 MB more at the peak instead of 237, and 44
    /// instead of 88 when they have gone.
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
