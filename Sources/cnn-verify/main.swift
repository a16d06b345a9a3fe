import HDF5File

CatalogueWorker.runIfRequested()
