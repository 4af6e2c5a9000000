/// The version of the program, as `--version`, `stats` and `health` say it.
package enum Version {
    package static let current = "0.2.0"
}
