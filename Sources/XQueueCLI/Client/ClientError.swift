/// Why a command got no answer it can use, in one line.
struct ClientError: Error, CustomStringConvertible {
    let description: String
    /// The status of the server's reply; nil if there was none.
    var status: Int?
    /// What the server calls the error, and the field it is about.
    var code: String?
    var field: String?
    /// After how many seconds the server wants to be asked again.
    var retryAfter: Double?
    /// The request has not reached the server: it can be sent again whatever it asks for.
    var isUnsent = false

    init(_ description: String, status: Int? = nil) {
        self.description = description
        self.status = status
    }

    /// Whether the same request may succeed later.
    var isPassing: Bool {
        switch status {
        case nil: true
        case 429: retryAfter != nil
        case .some(let status): status >= 500 || status == 408
        }
    }

    var exit: CommandExit {
        switch status {
        case nil: .unavailable
        case 401, 403: .noPermission
        case 404: .noSuchTask
        case 409: .refused
        case 429: .tryLater
        case .some(400..<500): .badInput
        default: .unavailable
        }
    }
}
