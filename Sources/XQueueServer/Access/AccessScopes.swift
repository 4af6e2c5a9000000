/// What a caller may do. `admin` includes the others.
public struct AccessScopes: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// To bring tasks, and to cancel and retry them.
    public static let submit = AccessScopes(rawValue: 1)
    /// To look at tasks, events and numbers.
    public static let read = AccessScopes(rawValue: 2)
    /// To take tasks and run them.
    public static let work = AccessScopes(rawValue: 4)
    /// To do everything, and to pause and limit types.
    public static let admin = AccessScopes(rawValue: 15)

    /// The scopes and their words, as configuration, JWTs and replies have them.
    public static let words: [(name: String, scope: AccessScopes)] = [
        ("submit", .submit), ("read", .read), ("work", .work), ("admin", .admin),
    ]

    /// The scope of a word; nil for any other word.
    public init?(word: some StringProtocol) {
        guard let scope = Self.words.first(where: { $0.name == word })?.scope else { return nil }
        self = scope
    }

    /// The words that say these scopes, `admin` alone if it is among them.
    public var names: [String] {
        if self == .admin { return ["admin"] }
        return Self.words.filter { $0.scope != .admin && isSuperset(of: $0.scope) }.map(\.name)
    }
}

extension RouteScope {
    /// The scope a caller must have; nil if anyone may call.
    var needed: AccessScopes? {
        switch self {
        case .public: nil
        case .submit: .submit
        case .read: .read
        case .work: .work
        case .admin: .admin
        }
    }
}
