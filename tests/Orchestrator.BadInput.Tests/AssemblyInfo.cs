// Memory is a figure of the process: one group of the corpus at a time.
[assembly: Xunit.v3.Parallelization(MaxThreads = 1)]
