/// Hides what may be a password in text that is shown.
enum PasswordText {
    /// An address such as `scheme://user:password@host`, or several, without anything that may be a user or a password:
    /// passwords may hold any sign that stands between parts of an address.
    static func hidden(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        return scheme(of: text) + "(set)" + text[at...]
    }

    private static func scheme(of text: String) -> Substring {
        guard let end = text.firstRange(of: "://") else { return "" }
        let isScheme = text[..<end.lowerBound].utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isScheme ? text[..<end.upperBound] : ""
    }
}
