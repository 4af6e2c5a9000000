/// Why the server could not start.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// What kind of error it is. New codes may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Another program listens on the port.
        public static let addressInUse = Code(rawValue: "address_in_use")
        /// The certificate or its key cannot be used.
        public static let badCertificate = Code(rawValue: "bad_certificate")
        /// This process may not, or cannot, listen there.
        public static let cannotListen = Code(rawValue: "cannot_listen")
    }

    public let code: Code
    public let message: String
    /// What the network library said.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
