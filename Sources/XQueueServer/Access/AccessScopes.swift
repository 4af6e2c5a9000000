/// What a caller may do. `admin` includes the others.
public struct AccessScopes: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Submit, edit, cancel and retry tasks.
    public static let submit = AccessScopes(rawValue: 1)
    /// Read tasks, events and statistics.
    public static let read = AccessScopes(rawValue: 2)
    /// Claim and run tasks.
    public static let work = AccessScopes(rawValue: 4)
    /// Everything above, and pause and limit types.
    public static let admin = AccessScopes(rawValue: 15)

    /// The scopes with their names in configuration, JWTs and replies.
    public static let words: [(name: String, scope: AccessScopes)] = [
        ("submit", .submit), ("read", .read), ("work", .work), ("admin", .admin),
    ]

    /// The scope named `word`; nil for an unknown name.
    public init?(word: some StringProtocol) {
        guard let scope = Self.words.first(where: { $0.name == word })?.scope else { return nil }
        self = scope
    }

    /// The names of these scopes; just `admin` if it is among them.
    public var names: [String] {
        if self == .admin { return ["admin"] }
        return Self.words.filter { $0.scope != .admin && isSuperset(of: $0.scope) }.map(\.name)
    }
}

extension RouteScope {
    /// The scope a caller must have; nil for public routes.
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
