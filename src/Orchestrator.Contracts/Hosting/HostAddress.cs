using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Orchestrator.Contracts.Hosting;

/// <summary>The address that <c>Cluster:AdvertisedAddress=auto</c> stands for.</summary>
internal static class HostAddress
{
    public const string Auto = "auto";

    /// <summary>The first IPv4 address of an interface that is up and not loopback; null where there is none.</summary>
    public static IPAddress? Find() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(card => card.OperationalStatus == OperationalStatus.Up && card.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(card => card.GetIPProperties().UnicastAddresses.Select(unicast => unicast.Address))
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));

    /// <summary>The address as text, <c>auto</c> looked up.</summary>
    public static string Resolve(string advertised) => advertised == Auto ? Find()?.ToString() ?? advertised : advertised;
}
