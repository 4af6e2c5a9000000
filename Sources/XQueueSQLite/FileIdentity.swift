import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Which file a path means: to notice that the store's file has been removed, or another put in its place.
struct FileIdentity: Sendable, Equatable {
    private let device: UInt64
    private let number: UInt64

    /// Nil if there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }

    /// The path without links, so that one file has one name; its last part need not exist yet.
    static func resolve(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, let folder = realpath(parent(of: parts), nil) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + name
    }

    private static func parent(of parts: [Substring]) -> String {
        let folder = parts.dropLast().joined(separator: "/")
        return folder.isEmpty ? (parts.count > 1 ? "/" : ".") : folder
    }
}
