/// A store could not do what it was asked; nothing of the call has happened.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was. New codes may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The store cannot be used now: locked, full, gone. Trying again later may help.
        public static let unavailable = Code(rawValue: "store_unavailable")
        /// What the store holds cannot be read.
        public static let corrupt = Code(rawValue: "store_corrupt")
        /// What the store holds has a layout that only a newer version knows.
        public static let newer = Code(rawValue: "store_newer")
        /// Another process owns the store.
        public static let inUse = Code(rawValue: "store_in_use")
        /// The limit of waiting tasks is reached.
        public static let backlogFull = Code(rawValue: "backlog_full")
        /// The limit of distinct task types is reached.
        public static let tooManyTypes = Code(rawValue: "too_many_types")
        /// What the store holds is not the data that the caller knows; see ``StoreBirth``.
        public static let replaced = Code(rawValue: "store_replaced")
        /// The store has been closed.
        public static let closed = Code(rawValue: "store_closed")
    }

    public let code: Code
    public let message: String
    /// What the store's driver said, if it was the driver.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        "\(code.rawValue): \(message)"
    }
}
