/// Takes an input apart: numbers that choose how a reader is called, then what it reads.
struct FuzzInput {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// The next byte; 0 at the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// The rest, as text; nil if it is not UTF-8.
    var text: String? { String(validating: rest, as: UTF8.self) }
}

extension Sequence<UInt8> {
    /// The bytes in pieces, as a connection may deliver them.
    func pieces(of length: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var piece: [UInt8] = []
        for byte in self {
            piece.append(byte)
            guard piece.count == length else { continue }
            pieces.append(piece)
            piece = []
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }
}
