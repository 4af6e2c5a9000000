import Foundation
public import XQueueCore

/// Opens a ``SQLiteStore``, creating its folder if necessary.
public struct SQLiteStoreFactory: StoreFactory {
    public let name = "sqlite"
    public let place: String
    private let maxFileBytes: Int?

    /// - Parameters:
    ///   - path: The database file.
    ///   - maxFileBytes: Maximum size of the file, in bytes; nil for no limit but the disk.
    public init(path: String, maxFileBytes: Int? = nil) {
        place = path
        self.maxFileBytes = maxFileBytes
    }

    public func open(_ limits: StoreLimits) async throws(StoreError) -> any Store {
        let folder = URL(filePath: place).deletingLastPathComponent()
        do {
            try Self.makeFolder(folder)
        } catch {
            throw StoreError(
                .unavailable,
                "cannot create the store's folder \(folder.path): \(Self.reason(of: error))",
                cause: error)
        }
        do throws(StoreError) {
            return try SQLiteStore(path: place, limits: limits, maxFileBytes: maxFileBytes)
        } catch {
            throw StoreError(error.code, "cannot use the store \(place): \(error.message)", cause: error)
        }
    }

    /// Creates the folder if necessary, accessible to this user alone, since payloads are private.
    private static func makeFolder(_ folder: URL) throws {
        guard !FileManager.default.fileExists(atPath: folder.path) else { return }
        let parent = folder.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    private static func reason(of error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let underlying, underlying.domain == NSPOSIXErrorDomain else {
            return error.localizedDescription
        }
        return String(cString: strerror(Int32(underlying.code)))
    }
}
