#if MQTT

import Foundation

/// A folder for one socket, which nobody but this user can look into.
struct SocketFolder: Sendable {
    private let path: String

    /// - Throws: ``MQTTError`` of kind `disconnected` if the folder for temporary files cannot be written to.
    init() throws(MQTTError) {
        let parent = FileManager.default.temporaryDirectory.path
        // The path of a socket must be short.
        var template = Array((parent + "/xqueue-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw MQTTError(
                .disconnected,
                "no folder for a socket can be made in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Where the socket is to be.
    var socketFile: String { path + "/mqtt" }

    /// Removes the folder and the socket; those who have connected keep their connections.
    func remove() {
        unlink(socketFile)
        rmdir(path)
    }
}

#endif
