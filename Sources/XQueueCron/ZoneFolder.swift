import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The system's time zones.
public final class ZoneFolder: Sendable {
    /// Why there is no such zone.
    public enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
        /// The system has zones, but none of this name.
        case unknown(String)
        /// The system has no zones at all.
        case noZones
        /// The zone's file cannot be read.
        case unreadable(String, reason: String)

        public var description: String {
            switch self {
            case .unknown(let name):
                "\"\(name.prefix(64))\" is not a time zone of this machine; it must be an IANA name such as \"Europe/Berlin\""
            case .noZones:
                "this machine has no time zones except UTC: install tzdata, or let TZDIR name its folder"
            case .unreadable(let name, let reason): "the time zone \"\(name)\" cannot be read: \(reason)"
            }
        }
    }

    /// The zones of `TZDIR`, or else of the system's usual place.
    public static let system = ZoneFolder(path: usualPath())

    /// Maximum length of a name; the longest has 32 bytes.
    private static let maxNameBytes = 64
    private static let maxFileBytes = 256 << 10

    /// Where the zones are; nil if there are none.
    public let path: String?
    /// The version of the zones' data when this was made, such as `2026f`; nil if it is not known.
    public let version: String?
    private let zones = Mutex<[String: ZoneRules]>([:])

    public init(path: String?) {
        self.path = path
        version = path.flatMap(Self.version)
    }

    /// The zone of an IANA name. `UTC` is always known.
    ///
    /// Each file is read once in the life of the folder; an update of tzdata is seen by the next process.
    public func zone(_ name: String) throws(Problem) -> ZoneRules {
        if name == "UTC" { return .utc }
        if let known = zones.withLock({ $0[name] }) { return known }
        guard let path else { throw .noZones }
        guard Self.isName(name) else { throw .unknown(name) }
        guard let bytes = try Self.content(of: "\(path)/\(name)", name) else { throw .unknown(name) }
        do throws(ZoneFile.Malformed) {
            let zone = ZoneRules(try ZoneFile(bytes))
            zones.withLock { $0[name] = zone }
            return zone
        } catch {
            throw .unreadable(name, reason: error.description)
        }
    }

    private static func version(in path: String) -> String? {
        if let bytes = try? content(of: "\(path)/+VERSION", "") { return word(bytes) }
        // Begins with `# version 2026f`.
        guard let bytes = try? content(of: "\(path)/tzdata.zi", "") else { return nil }
        let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard line.hasPrefix("# version ") else { return nil }
        return word(Array(line.utf8.dropFirst(10)))
    }

    private static func word(_ bytes: [UInt8]) -> String? {
        let word = bytes.prefix { UInt8(ascii: "!")...UInt8(ascii: "~") ~= $0 }.prefix(32)
        return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
    }

    /// Whether it may be a zone's name, and cannot lead out of the folder.
    private static func isName(_ name: String) -> Bool {
        guard 1...maxNameBytes ~= name.utf8.count else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.utf8.first else { return false }
            let isWord = part.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "+"):
                    true
                default: false
                }
            }
            return isWord && UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first
        }
    }

    private static func usualPath() -> String? {
        let given = getenv("TZDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        let usual = [
            "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
            "/var/db/timezone/zoneinfo",
        ]
        return (given.map { [$0] } ?? usual).first { access("\($0)/Europe/Berlin", R_OK) == 0 }
    }

    /// The content of a file; nil if there is none.
    private static func content(of path: String, _ name: String) throws(Problem) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard errno != ENOENT, errno != ENOTDIR else { return nil }
            throw .unreadable(name, reason: String(cString: strerror(errno)))
        }
        defer { close(file) }
        // A folder of zones, such as `Europe`, is none itself.
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: maxFileBytes)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .unreadable(name, reason: String(cString: strerror(errno))) }
            guard got > 0 else { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }
}
