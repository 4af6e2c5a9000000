import SystemPackage

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Explains why the system cannot run a program, since one error code has many causes.
enum ProgramTrouble {
    /// Bytes of a script's first line that the system reads.
    private static let headBytes = 256

    static let format = "the file is not a program for this machine, nor a script with a #! line"

    /// Returns an absolute path; a relative one starts from the working directory.
    static func path(of program: String, in folder: String) -> String {
        let path = FilePath(program)
        return path.isAbsolute ? program : FilePath(folder).pushing(path).string
    }

    /// Explains why `program` was not found or cannot be run.
    ///
    /// - Parameter search: The value of `PATH`, where a bare name is looked up.
    static func reason(_ program: String, in folder: String, searching search: String?) -> String {
        guard !program.contains("/") else { return reason(of: path(of: program, in: folder)) }
        let folders = (search ?? "").split(separator: ":")
        let found = folders.map { path(of: "\($0)/\(program)", in: folder) }.first { status(of: $0) != nil }
        return found.map { "\($0): \(reason(of: $0))" } ?? "no such program"
    }

    private static func reason(of path: String) -> String {
        guard let status = status(of: path) else {
            return errno == EACCES ? "permission denied for its folder" : "no such program"
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { return "is a folder, not a program" }
        guard access(path, X_OK) == 0 else {
            return "the file is not executable (chmod +x)"
        }
        return head(of: path).flatMap { reason(ofHead: $0) } ?? "no such program"
    }

    /// Explains what is wrong with the first bytes of the file; nil if nothing is.
    private static func reason(ofHead head: [UInt8]) -> String? {
        guard head.starts(with: "#!".utf8) else {
            return head.starts(with: [0x7F, 0x45, 0x4C, 0x46])
                ? "the program's loader is missing: it may be built for another system" : nil
        }
        let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let name =
            String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "\t" }.first.map(String.init)
            ?? ""
        let shown = name.unicodeScalars.map { $0.value < 0x20 ? $0.escaped(asASCII: true) : String($0) }
            .joined()
        if line.last == UInt8(ascii: "\r") {
            return "its lines end with CR LF, as on Windows, so its interpreter would be '\(shown)': use LF"
        }
        guard status(of: name) != nil else { return "its interpreter '\(shown)' does not exist" }
        return access(name, X_OK) == 0 ? nil : "its interpreter '\(shown)' is not executable"
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    private static func head(of path: String) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
        defer { try? file.close() }
        return try? [UInt8](unsafeUninitializedCapacity: headBytes) { buffer, count in
            count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}
