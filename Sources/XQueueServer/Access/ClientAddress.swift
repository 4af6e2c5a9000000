import NIOCore

/// The address of a client, for the log and for counting what comes from one place.
enum ClientAddress {
    /// As text; nil for a channel that is no connection of IP.
    static func text(of channel: (any Channel)?) -> String? {
        channel?.remoteAddress?.ipAddress
    }

    /// The place an address belongs to: all of it, or the network of an IPv6 address, of which whoever has one
    /// has 2^64.
    static func place(_ address: String) -> String {
        guard address.contains(":"), !address.lowercased().hasPrefix("::ffff:"),
            case .v6(let v6)? = try? SocketAddress(ipAddress: address, port: 0)
        else { return address }
        var bytes = v6.address.sin6_addr
        return withUnsafeBytes(of: &bytes) { bytes in
            bytes.prefix(8).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined() + "/64"
        }
    }
}
