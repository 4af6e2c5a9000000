import Foundation
import Synchronization

/// Removes what this process leaves behind, however it ends: a crash, a signal, or an exit that does not
/// wait for anything.
///
/// It is a shell that reads the names of folders and does its work when there is nobody to write more.
final class Janitor: Sendable {
    static let shared = Janitor()

    /// Written to under a lock, so that lines do not mix; never closed by this process.
    private let pipe: Mutex<FileHandle>?

    private init() {
        let pipe = Pipe()
        let own = pipe.fileHandleForWriting
        // Otherwise the shell itself, and others, would keep it open.
        for file in [own, pipe.fileHandleForReading] {
            _ = fcntl(file.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        // The servers get a moment to end first.
        let script = #"while IFS= read -r folder; do set -- "$@" "$folder"; done; sleep 1; rm -rf "$@""#
        let shell = Spawn(
            program: "/bin/sh", arguments: ["-c", script], environment: ["PATH": ProgramFile.path],
            folder: "/", output: "/dev/null", input: pipe.fileHandleForReading.fileDescriptor,
            outlivesThisProcess: true)
        guard case .success = shell.start() else {
            self.pipe = nil
            return
        }
        self.pipe = Mutex(own)
    }

    /// Removes a folder when this process has ended, unless it is gone by then.
    func remove(_ folder: String) {
        pipe?.withLock { try? $0.write(contentsOf: Data((folder + "\n").utf8)) }
    }
}
