/// A reader of bytes that other programs write, and what must hold whatever they are.
///
/// The same readers run in two ways: `scripts/fuzz` hands them to libFuzzer, and `FuzzTests` replays the corpus with
/// random alterations in every test run.
struct FuzzReader: Sendable {
    /// Reads the bytes; returns whether it accepts them. That it rejects them is no error.
    ///
    /// - Throws: ``BrokenProperty``.
    typealias Check = @Sendable (_ bytes: [UInt8]) throws -> Bool

    enum Way: Sendable {
        case direct(Check)
        case awaited(@Sendable (_ bytes: [UInt8]) async throws -> Bool)
    }

    /// Its name on the command line, and that of its folder in `Corpus`.
    let name: String
    let way: Way

    init(_ name: String, _ check: @escaping Check) {
        self.name = name
        way = .direct(check)
    }

    private init(_ name: String, _ way: Way) {
        self.name = name
        self.way = way
    }

    /// A reader that has to be waited for.
    static func awaited(
        _ name: String, _ check: @escaping @Sendable (_ bytes: [UInt8]) async throws -> Bool
    ) -> FuzzReader {
        FuzzReader(name, .awaited(check))
    }

    func check(_ bytes: [UInt8]) async throws -> Bool {
        switch way {
        case .direct(let check): try check(bytes)
        case .awaited(let check): try await check(bytes)
        }
    }
}

/// Something that must hold for all input, and does not.
struct BrokenProperty: Error, CustomStringConvertible {
    let description: String
}

/// - Throws: ``BrokenProperty`` if `condition` does not hold.
func require(_ condition: Bool, _ property: @autoclosure () -> String) throws {
    guard condition else { throw BrokenProperty(description: property()) }
}
