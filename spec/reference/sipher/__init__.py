"""A second implementation of sipher, written from the documents in spec/ and from nothing else."""
