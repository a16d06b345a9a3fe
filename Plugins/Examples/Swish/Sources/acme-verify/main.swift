import AcmeLayers
import StandardLayers
import VerifyCommand

VerifyCommand.main(plugins: StandardLayers.self, AcmeLayers.self)
