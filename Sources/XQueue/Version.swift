/// The program's version, as reported by `--version`, `stats` and `health`.
package enum Version {
    package static let current = "0.2.0"
}
