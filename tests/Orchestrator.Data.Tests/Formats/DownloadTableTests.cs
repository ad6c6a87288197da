using System.Text;
using Orchestrator.Data.Formats;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Data.Tests.Formats;

public sealed class DownloadTableTests : IDisposable
{
    private const string Rows = """
        SELECT * FROM (VALUES
          ('000000000', 'success', NULL, 'https://a/0', 512::INTEGER), ('000000001', 'failed_to_download', 'HTTP Error 404: Not Found', 'https://a/1', NULL),
          ('000000002', 'failed_to_resize', 'Image decoding error', 'https://a/2', NULL), ('000000003', 'success', NULL, 'https://a/3', 512)) t(key, status, error_message, url, width)
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_WhatImg2DatasetWrites_HasFailedRowsAndUnrecordedOnes()
    {
        var table = Read(Rows, """{"count": 5, "successes": 2, "failed_to_download": 1, "failed_to_resize": 1, "duration": 1.5, "status_dict": {"success": 2}}""").Value;
        Assert.Equal((4, 5L), (table.Rows.Count, table.Count));
        Assert.Equal(new DownloadRow("failed_to_download", "HTTP Error 404: Not Found"), table.Rows["000000001"]);
        Assert.Equal(new DownloadRow("success", null), table.Rows["000000003"]);
    }

    [Theory]
    [InlineData("SELECT 'a' AS key, 'success' AS status", "no column 'error_message'", "error_message")]
    [InlineData("SELECT 1 AS key, 'success' AS status, '' AS error_message", "'key' holds Int32", "text")]
    [InlineData("SELECT 'a' AS key, ['success'] AS status, '' AS error_message", "no column 'status'", "Name one of its columns")]
    [InlineData("SELECT 'a' AS key, 'success' AS status, '' AS error_message FROM range(2)", "the key of an earlier row", "unchanged")]
    [InlineData("SELECT NULL::VARCHAR AS key, 'success' AS status, '' AS error_message", "no key", "unchanged")]
    public void Read_AnotherTable_NamesFileColumnAndRemedy(string query, string problem, string remedy)
    {
        var fault = Read(query, """{"count": 1, "successes": 1}""").Fault!;
        Assert.Equal(("pool/00000.parquet", "input.shards"), (fault.Subject, fault.Field));
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "successes")]
    [InlineData("[]", "successes")]
    [InlineData("""{"successes": 2}""", "count")]
    [InlineData("""{"count": "many", "successes": 2}""", "count")]
    [InlineData("""{"count": 4, "successes": 3}""", "different runs")]
    public void Read_AnotherStatsFile_NamesItAndTheProblem(string stats, string problem)
    {
        var fault = Read(Rows, stats).Fault!;
        Assert.Equal(("pool/00000_stats.json", "input.shards"), (fault.Subject, fault.Field));
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DamagedAnywhere_IsAFaultOrTheSameRows()
    {
        DuckParquet.Write(_folder.File("t.parquet"), Rows);
        var whole = File.ReadAllBytes(_folder.File("t.parquet"));
        foreach (var cut in (int[])[0, 3, 4, 50, whole.Length / 2, whole.Length - 9, whole.Length - 1])
        {
            var fault = DownloadTable.Read(_folder.Put("cut.parquet", whole[..cut]), "pool/cut.parquet", """{"count": 4, "successes": 2}"""u8, "s").Fault!;
            Assert.Contains("not whole Parquet", fault.Problem, StringComparison.Ordinal);
            Assert.Equal("pool/cut.parquet", fault.Subject);
        }
    }

    [Fact]
    public void Paths_OfATar_AreImg2Datasets() =>
        Assert.Equal(("s3://b/pool/00012.parquet", "s3://b/pool/00012_stats.json"), (DownloadTable.TableOf("s3://b/pool/00012.tar"), DownloadTable.StatsOf("s3://b/pool/00012.tar")));

    private Checked<DownloadTable> Read(string query, string stats)
    {
        DuckParquet.Write(_folder.File("t.parquet"), query);
        return DownloadTable.Read(_folder.File("t.parquet"), "pool/00000.parquet", Encoding.UTF8.GetBytes(stats), "pool/00000_stats.json");
    }
}
