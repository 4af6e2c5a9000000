import Foundation

/// The program to start, and how.
struct Spawn: Sendable {
    var program: String
    var arguments: [String]
    var environment: [String: String]
    var folder: String
    /// The file that standard output and standard error are appended to.
    var output: String
    /// A file of this process to read standard input from; nil for none.
    var input: Int32?
    /// Whether the program survives this process.
    var outlivesThisProcess = false

    #if canImport(Darwin)
    typealias Actions = posix_spawn_file_actions_t?
    private typealias Attributes = posix_spawnattr_t?
    #else
    typealias Actions = posix_spawn_file_actions_t
    private typealias Attributes = posix_spawnattr_t
    #endif

    /// Starts the program in its own process group, without inheriting open files.
    ///
    /// - Returns: The process, or the `errno` of the failure.
    func start() -> Result<pid_t, Rejection> {
        var actions = Self.actions()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        SpawnExtras.changeFolder(&actions, folder)
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        var attributes = Self.attributes()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        #if canImport(Darwin)
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
        SpawnExtras.closeFiles(&actions, from: 3)
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)

        let command = outlivesThisProcess ? [program] + arguments : mortal
        let words = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, command[0], &actions, &attributes, words, variables)
        return code == 0 ? .success(process) : .failure(Rejection(program: program, code: code))
    }

    /// The command, wrapped so that it dies with the thread that started it, if the system supports that.
    private var mortal: [String] {
        let wrapper = "/usr/bin/setpriv"
        guard FileManager.default.isExecutableFile(atPath: wrapper) else { return [program] + arguments }
        return [wrapper, "--pdeathsig", "KILL", "--", program] + arguments
    }

    private static func actions() -> Actions {
        #if canImport(Darwin)
        nil
        #else
        posix_spawn_file_actions_t()
        #endif
    }

    private static func attributes() -> Attributes {
        #if canImport(Darwin)
        nil
        #else
        posix_spawnattr_t()
        #endif
    }

    /// A program could not be started.
    struct Rejection: Error, CustomStringConvertible {
        var program: String
        var code: Int32

        var description: String { "cannot start \(program): \(String(cString: strerror(code)))" }
    }
}
