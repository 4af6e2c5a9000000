/// Why the server could not start.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// The kind of error. New codes may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The port is already in use.
        public static let addressInUse = Code(rawValue: "address_in_use")
        /// The certificate or its key cannot be used.
        public static let badCertificate = Code(rawValue: "bad_certificate")
        /// The process lacks permission, or the address is unknown or not this machine's.
        public static let cannotListen = Code(rawValue: "cannot_listen")
    }

    public let code: Code
    public let message: String
    /// The underlying error, if any.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
