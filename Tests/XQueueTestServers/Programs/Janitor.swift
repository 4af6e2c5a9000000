import Foundation
import Synchronization

/// Removes the folders of this process however it ends: by a crash, a signal, or an immediate exit.
///
/// It is a shell that reads folder names from a pipe and removes them once the pipe's writer is gone.
final class Janitor: Sendable {
    static let shared = Janitor()

    /// Written to under a lock, so that lines do not mix; never closed by this process.
    private let pipe: Mutex<FileHandle>?

    private init() {
        let pipe = Pipe()
        let own = pipe.fileHandleForWriting
        // Otherwise the shell itself and other programs would keep it open.
        for file in [own, pipe.fileHandleForReading] {
            _ = fcntl(file.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        // Give servers a moment to end first.
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

    /// Removes a folder after this process has ended, if it still exists.
    func remove(_ folder: String) {
        pipe?.withLock { try? $0.write(contentsOf: Data((folder + "\n").utf8)) }
    }
}
