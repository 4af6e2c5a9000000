import XQueueCore

/// What a merge patch means for a unique key. Definitions are patched without theirs: it has two forms, `unique_key` and
/// `unique`, and a patch may use either.
struct UniqueKeyPatch {
    /// Whether the patch changes the key at all.
    let isChange: Bool
    /// Whether it changes members of `unique`, rather than replacing or removing the key.
    private let isPartial: Bool
    /// Whether it derives the key anew.
    private let isDerived: Bool

    /// - Parameter members: The patch of a definition.
    init(_ members: [JSONMember]) {
        let unique = members.last { $0.name == "unique" }?.value
        let hasShortForm = members.contains { $0.name == "unique_key" }
        isChange = unique != nil || hasShortForm
        isPartial = unique?.kind == .object && !hasShortForm
        isDerived = unique?.values(at: ["by"]).contains { $0 != nil && $0?.kind != .null } ?? false
    }

    /// What the definition needs before it is patched; nil for nothing.
    ///
    /// - Parameter rule: The definition's rule.
    func base(_ rule: UniqueRule?) -> RawJSON? {
        guard isPartial, let rule else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("unique")
            // The stored key already has the digest of the payload.
            UniqueJSON.write(rule, to: &writer, hasKey: !isDerived)
        }
        return RawJSON(trusted: writer.text)
    }
}
