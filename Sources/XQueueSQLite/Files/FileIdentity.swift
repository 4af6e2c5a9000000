import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The identity of a file behind a path or descriptor: shows that a file of the store was removed or replaced,
/// and whether two names mean the same file.
struct FileIdentity: Sendable, Hashable {
    private let device: UInt64
    private let number: UInt64

    /// Nil if there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }

    /// Size of the file at the path, in bytes; nil if there is none.
    static func size(of path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    // MARK: - Paths

    /// Maximum number of links followed in a row, the same as the system's.
    private static let maxLinks = 40

    /// The path without links, so that a file has only one name. The file need not exist: a dangling link
    /// resolves to where SQLite would create the file.
    static func resolve(_ path: String) -> String {
        var path = path
        for _ in 0..<maxLinks {
            if let resolved = realPath(path) { return resolved }
            guard let named = inRealFolder(path) else { return path }
            guard let target = target(ofLink: named) else { return named }
            path = target.utf8.first == UInt8(ascii: "/") ? target : folder(of: named) + "/" + target
        }
        return path
    }

    /// The current path of an open file, if the system can tell and the file still has a name.
    static func path(ofDescriptor descriptor: Int32) -> String? {
        #if os(Linux)
        guard let path = target(ofLink: "/proc/self/fd/\(descriptor)"),
            let identity = FileIdentity(path: path), identity == FileIdentity(descriptor: descriptor)
        else { return nil }
        return path
        #else
        return nil
        #endif
    }

    /// The path with its folder resolved; the last component need not exist. Nil if the folder does not exist.
    private static func inRealFolder(_ path: String) -> String? {
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        return realPath(folder(of: path)).map { $0 == "/" ? "/" + name : $0 + "/" + name }
    }

    private static func folder(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().joined(separator: "/")
        return folder.isEmpty ? (parts.count > 1 ? "/" : ".") : folder
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func target(ofLink path: String) -> String? {
        var characters = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &characters, characters.count)
        guard count > 0 else { return nil }
        return String(decoding: characters.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
