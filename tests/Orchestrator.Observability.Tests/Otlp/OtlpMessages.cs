using System.Globalization;

namespace Orchestrator.Observability.Tests.Otlp;

/// <summary>A span as received. Ids are lower-case hex; times are nanoseconds since 1970.</summary>
internal sealed record ReceivedSpan(
    string Service, string Instance, string Trace, string Id, string Parent, string Name, int Kind, ulong Start, ulong End, IReadOnlyDictionary<string, string> Tags)
{
    public const int Server = 2;
    public const int Consumer = 5;

    public override string ToString() => $"{Service} {Name} {Id} below {Parent}";
}

/// <summary>A log line as received, scopes among its attributes.</summary>
internal sealed record ReceivedLog(string Service, string Trace, string Span, string Body, IReadOnlyDictionary<string, string> Attributes);

/// <summary>Reads export requests; field numbers as in opentelemetry-proto v1 (trace.proto, logs.proto, common.proto, resource.proto).</summary>
internal static class OtlpMessages
{
    public static IEnumerable<ReceivedSpan> Spans(byte[] request) =>
        from resource in new ProtoReader(request).Messages(1)
        let attributes = Attributes(resource.Message(1), 1)
        from scope in resource.Messages(2)
        from span in scope.Messages(2)
        select new ReceivedSpan(
            attributes["service.name"], attributes.GetValueOrDefault("service.instance.id", ""), span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5),
            (int)span.Number(6), span.Number(7), span.Number(8), Attributes(span, 9));

    public static IEnumerable<ReceivedLog> Logs(byte[] request) =>
        from resource in new ProtoReader(request).Messages(1)
        let attributes = Attributes(resource.Message(1), 1)
        from scope in resource.Messages(2)
        from log in scope.Messages(2)
        select new ReceivedLog(attributes["service.name"], log.Hex(9), log.Hex(10), Value(log.Message(5)), Attributes(log, 6));

    private static Dictionary<string, string> Attributes(ProtoReader message, int number)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in message.Messages(number))
        {
            attributes[pair.Text(1)] = Value(pair.Message(2));
        }

        return attributes;
    }

    private static string Value(ProtoReader any) =>
        any.Has(1) ? any.Text(1)
        : any.Has(2) ? (any.Number(2) != 0).ToString()
        : any.Has(3) ? ((long)any.Number(3)).ToString(CultureInfo.InvariantCulture)
        : any.Has(4) ? BitConverter.UInt64BitsToDouble(any.Number(4)).ToString(CultureInfo.InvariantCulture)
        : "";
}
