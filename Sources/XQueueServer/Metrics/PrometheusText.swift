/// The text format of Prometheus, version 0.0.4.
enum PrometheusText {
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Returns a valid metric or label name: characters other than letters, digits and `_` are replaced by `_`.
    static func name(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy(isNameByte)
        let name =
            isPlain ? text : String(decoding: text.utf8.map { isNameByte($0) ? $0 : 0x5F }, as: UTF8.self)
        guard let first = name.utf8.first else { return "_" }
        return UInt8(ascii: "0")...UInt8(ascii: "9") ~= first ? "_\(name)" : name
    }

    /// Returns labels as written between braces.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.map { "\(name($0.0))=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",")
    }

    static func head(_ name: String, _ kind: String, _ help: String, into text: inout String) {
        text += "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.rounded() == value && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        // By scalars: CR LF is a single `Character`, which does not equal a line feed.
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// All series with the same name.
struct PrometheusFamily: Sendable {
    enum Kind: String {
        case counter, gauge, histogram
    }

    let kind: Kind
    let help: String
    /// Keyed by labels.
    var series: [String: any PrometheusSeries] = [:]

    func write(_ name: String, into text: inout String) {
        PrometheusText.head(name, kind.rawValue, help, into: &text)
        for (labels, series) in series.sorted(by: { $0.key < $1.key }) {
            series.write(name, labels, into: &text)
        }
    }
}

/// An instrument that can write its series.
protocol PrometheusSeries: AnyObject, Sendable {
    func write(_ name: String, _ labels: String, into text: inout String)
}
