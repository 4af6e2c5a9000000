import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Which file a path or a descriptor means: to notice that a file of the store has been removed, or another
/// put in its place, and that two names are of one file.
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

    /// How large the file at the path is, in bytes; nil if there is none.
    static func size(of path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    // MARK: - Paths

    /// The most links that are followed, one to the next, as the system has it.
    private static let mostLinks = 40

    /// The path without links, so that one file has one name. It need not exist yet: a link that leads nowhere
    /// leads to where SQLite would make the file.
    static func resolve(_ path: String) -> String {
        var path = path
        for _ in 0..<mostLinks {
            if let resolved = realPath(path) { return resolved }
            guard let named = inRealFolder(path) else { return path }
            guard let target = target(ofLink: named) else { return named }
            path = target.utf8.first == UInt8(ascii: "/") ? target : folder(of: named) + "/" + target
        }
        return path
    }

    /// Where an open file is now, if the system can say, and it has a name at all.
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

    /// The path with its folder resolved, whose last part need not exist; nil if the folder does not.
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
