/// A setting: its key, its legal values, and its member of ``ServeConfiguration``.
///
/// The default is the value in a new ``ServeConfiguration``, so it is defined once, next to the member.
struct Setting: Sendable {
    /// Such as `queue.default_timeout`.
    let key: String
    /// One line of help.
    let help: String
    /// A shorthand flag for `false`: `--no-http`.
    let offFlag: String?
    /// A shorthand flag for `true`: `--insecure`.
    let onFlag: String?
    /// Whether the value is never shown. Each secret setting has a companion that names a file with its value.
    let isSecret: Bool
    /// The legal values, as a phrase after "must be".
    let legal: String
    /// Returns the value as it would be written in a file.
    let read: @Sendable (ServeConfiguration) -> String
    /// Sets the value; returns false and changes nothing if `text` is not legal.
    let write: @Sendable (_ text: String, inout ServeConfiguration) -> Bool

    init<Value: Sendable>(
        _ key: String, _ kind: SettingKind<Value>,
        _ path: any WritableKeyPath<ServeConfiguration, Value> & Sendable, _ help: String,
        offFlag: String? = nil, onFlag: String? = nil
    ) {
        self.key = key
        self.help = help
        self.offFlag = offFlag
        self.onFlag = onFlag
        self.isSecret = kind.isSecret
        self.legal = kind.legal
        self.read = { kind.format($0[keyPath: path]) }
        self.write = { text, configuration in
            guard let value = kind.parse(text) else { return false }
            configuration[keyPath: path] = value
            return true
        }
    }

    /// Creates the setting that names a file with the value of `secret`.
    init(fileOf secret: Setting) {
        let kind = SettingKind.optionalPath
        key = secret.key + Self.fileSuffix
        help = "File that holds \(secret.key) instead, such as a systemd or Docker secret."
        offFlag = nil
        onFlag = nil
        isSecret = false
        legal = kind.legal
        read = { kind.format($0.secretFiles[secret.key]) }
        write = { text, configuration in
            guard let path = kind.parse(text) else { return false }
            configuration.secretFiles[secret.key] = path
            return true
        }
    }

    /// Returns the part of a value that a message may show.
    func shown(_ text: String) -> String {
        isSecret ? "(hidden)" : PasswordText.hidden(text)
    }

    var components: [String] { key.split(separator: ".").map(String.init) }

    /// Such as `--queue-default-timeout`.
    var flag: String { "--" + key.map { $0 == "." || $0 == "_" ? "-" : String($0) }.joined() }

    /// Such as `XQUEUE_QUEUE_DEFAULT_TIMEOUT`.
    var variable: String {
        Self.variablePrefix + key.map { $0 == "." ? "_" : String($0) }.joined().uppercased()
    }

    static let variablePrefix = "XQUEUE_"
    /// Suffix of the keys of settings that name a secret's file.
    static let fileSuffix = "_file"
}
