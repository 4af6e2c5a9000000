/// Why a command got no answer it can use, in one line.
struct ClientError: Error, CustomStringConvertible {
    let description: String
    /// The status of the server's reply; nil if there was none.
    var status: Int?

    init(_ description: String, status: Int? = nil) {
        self.description = description
        self.status = status
    }
}
