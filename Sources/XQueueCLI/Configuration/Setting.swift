/// One thing that can be configured: its key, what is legal, and where in ``ServeConfiguration`` it lives.
///
/// The default is what a fresh ``ServeConfiguration`` holds, so it is written down once, beside the
/// member it belongs to.
struct Setting: Sendable {
    /// Such as `queue.default_timeout`.
    let key: String
    /// What it does, as one line of help.
    let help: String
    /// A flag that stands for the value `false`: `--no-http`.
    let offFlag: String?
    /// A flag that stands for the value `true`: `--insecure`.
    let onFlag: String?
    /// Whether the value is never shown; such a setting has a second one, which names a file that holds the value.
    let isSecret: Bool
    /// What may be given, as a phrase after "must be".
    let legal: String
    /// The value as it would be written in a file.
    let read: @Sendable (ServeConfiguration) -> String
    /// Sets the value; false if `text` is not legal, and nothing has changed.
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

    /// The setting that names a file with the value of `secret`.
    init(fileOf secret: Setting) {
        let kind = SettingKind.optionalPath
        key = secret.key + Self.fileSuffix
        help = "A file that holds \(secret.key) instead, such as a secret of systemd or Docker."
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

    /// What a message may repeat of a value.
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
    /// What the name of a setting that names a file ends with.
    static let fileSuffix = "_file"
}
