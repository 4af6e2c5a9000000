/// Why a benchmark cannot go on.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    static func notInstalled(_ program: String, package: String) -> BenchFailure {
        BenchFailure(
            description: """
                \(program) is not installed (on Debian and Ubuntu: apt-get install \(package)); \
                --redis-addr takes a running server
                """)
    }
}
