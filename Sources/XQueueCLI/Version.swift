/// The version of the program, as `--version`, `stats` and `health` say it.
enum Version {
    static let current = "0.1.0"
}
